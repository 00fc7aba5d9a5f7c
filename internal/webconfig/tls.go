package webconfig

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"
)

// tlsConfig is the part of a file about TLS. A certificate is named by its file, or is in
// the file itself.
type tlsConfig struct {
	CertFile     string `yaml:"cert_file"`
	Cert         string `yaml:"cert"`
	KeyFile      string `yaml:"key_file"`
	Key          string `yaml:"key"`
	ClientCAFile string `yaml:"client_ca_file"`
	ClientCA     string `yaml:"client_ca"`
	ClientAuth   string `yaml:"client_auth_type"`

	ClientNames  []string  `yaml:"client_allowed_sans"`
	CipherSuites []cipher  `yaml:"cipher_suites"`
	Curves       []curve   `yaml:"curve_preferences"`
	MinVersion   tlsNumber `yaml:"min_version"`
	MaxVersion   tlsNumber `yaml:"max_version"`

	// The order of cipher suites is the server's in any case.
	OwnOrder bool `yaml:"prefer_server_cipher_suites"`

	dir string // of the file
}

// wanted is whether there is TLS at all.
func (t *tlsConfig) wanted() bool {
	for _, set := range []string{t.CertFile, t.Cert, t.KeyFile, t.Key, t.ClientCAFile, t.ClientCA, t.ClientAuth} {
		if set != "" {
			return true
		}
	}
	return false
}

// clientAuth has the words for what a client must show.
var clientAuth = map[string]tls.ClientAuthType{
	"":                           tls.NoClientCert,
	"NoClientCert":               tls.NoClientCert,
	"RequestClientCert":          tls.RequestClientCert,
	"RequireClientCert":          tls.RequireAnyClientCert, // the older word
	"RequireAnyClientCert":       tls.RequireAnyClientCert,
	"VerifyClientCertIfGiven":    tls.VerifyClientCertIfGiven,
	"RequireAndVerifyClientCert": tls.RequireAndVerifyClientCert,
}

// load reads the certificates.
func (t *tlsConfig) load() (*tls.Config, error) {
	cert, err := t.text("cert", t.CertFile, t.Cert)
	if err != nil {
		return nil, err
	}
	key, err := t.text("key", t.KeyFile, t.Key)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	auth, known := clientAuth[t.ClientAuth]
	if !known {
		return nil, fmt.Errorf("client_auth_type: there is no %q; want RequireAndVerifyClientCert, for example", t.ClientAuth)
	}
	loaded := &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: auth, MinVersion: uint16(t.MinVersion), MaxVersion: uint16(t.MaxVersion),
	}
	for _, suite := range t.CipherSuites {
		loaded.CipherSuites = append(loaded.CipherSuites, uint16(suite))
	}
	for _, curve := range t.Curves {
		loaded.CurvePreferences = append(loaded.CurvePreferences, tls.CurveID(curve))
	}
	if loaded.ClientCAs, err = t.clientCAs(auth); err != nil {
		return nil, err
	}
	if t.ClientNames != nil {
		loaded.VerifyPeerCertificate = t.checkName
	}
	return loaded, nil
}

// text is what a file or the setting itself has.
func (t *tlsConfig) text(key, file, text string) ([]byte, error) {
	switch {
	case file != "":
		if !filepath.IsAbs(file) {
			file = filepath.Join(t.dir, file)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s_file: %w", key, err)
		}
		return content, nil
	case text != "":
		return []byte(text), nil
	}
	return nil, fmt.Errorf("%s_file is missing", key)
}

// clientCAs are those whose certificates a client may have; nil: those of this host.
func (t *tlsConfig) clientCAs(auth tls.ClientAuthType) (*x509.CertPool, error) {
	if t.ClientCAFile == "" && t.ClientCA == "" {
		return nil, nil
	}
	if auth == tls.NoClientCert {
		return nil, errors.New("client_ca_file is for clients with certificates: set client_auth_type, too")
	}
	content, err := t.text("client_ca", t.ClientCAFile, t.ClientCA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, errors.New("client_ca_file: it has no certificate")
	}
	return pool, nil
}

// checkName is whether the certificate of a client has one of the names that are allowed.
func (t *tlsConfig) checkName(certificates [][]byte, _ [][]*x509.Certificate) error {
	if len(certificates) == 0 {
		return nil // client_auth_type says whether that is allowed
	}
	client, err := x509.ParseCertificate(certificates[0])
	if err != nil {
		return err
	}
	names := slices.Concat(client.DNSNames, client.EmailAddresses)
	for _, address := range client.IPAddresses {
		names = append(names, address.String())
	}
	for _, uri := range client.URIs {
		names = append(names, uri.String())
	}
	if !slices.ContainsFunc(names, func(name string) bool { return slices.Contains(t.ClientNames, name) }) {
		return fmt.Errorf("the certificate has the names %q, and none of them is in client_allowed_sans", names)
	}
	return nil
}

type (
	cipher    uint16
	curve     tls.CurveID
	tlsNumber uint16
)

const (
	tls12 = tlsNumber(tls.VersionTLS12)
	tls13 = tlsNumber(tls.VersionTLS13)
)

var curves = map[string]curve{
	"CurveP256": curve(tls.CurveP256), "CurveP384": curve(tls.CurveP384), "CurveP521": curve(tls.CurveP521), "X25519": curve(tls.X25519),
}

var tlsNumbers = map[string]tlsNumber{
	"TLS10": tlsNumber(tls.VersionTLS10), "TLS11": tlsNumber(tls.VersionTLS11), "TLS12": tls12, "TLS13": tls13,
}

// UnmarshalYAML is part of yaml.Unmarshaler.
func (c *cipher) UnmarshalYAML(node *yaml.Node) error {
	for _, suite := range tls.CipherSuites() {
		if suite.Name == node.Value {
			*c = cipher(suite.ID)
			return nil
		}
	}
	return fmt.Errorf("line %d: cipher_suites: there is no %q", node.Line, node.Value)
}

// UnmarshalYAML is part of yaml.Unmarshaler.
func (c *curve) UnmarshalYAML(node *yaml.Node) error { return oneOf(c, curves, "curve", node) }

// UnmarshalYAML is part of yaml.Unmarshaler.
func (n *tlsNumber) UnmarshalYAML(node *yaml.Node) error {
	return oneOf(n, tlsNumbers, "version of TLS", node)
}

func oneOf[T any](to *T, words map[string]T, what string, node *yaml.Node) error {
	value, known := words[node.Value]
	if !known {
		return fmt.Errorf("line %d: there is no %s %q", node.Line, what, node.Value)
	}
	*to = value
	return nil
}
