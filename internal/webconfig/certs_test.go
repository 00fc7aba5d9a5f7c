package webconfig

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// authority signs certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	pair := a.sign(t, &x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true})
	a.cert, a.key, a.pem = pair.leaf, pair.private, pair.cert
	return a
}

// pair is a certificate and its key, as text and as values.
type pair struct {
	cert, key string
	leaf      *x509.Certificate
	private   *ecdsa.PrivateKey
}

func (a *authority) sign(t *testing.T, template *x509.Certificate) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := template, key // itself
	if a.cert != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, content []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}))
	}
	return pair{cert: text("CERTIFICATE", der), key: text("PRIVATE KEY", private), leaf: leaf, private: key}
}

func (p pair) tls(t *testing.T) tls.Certificate {
	t.Helper()
	certificate, err := tls.X509KeyPair([]byte(p.cert), []byte(p.key))
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// world is a folder with certificates, and who has them.
type world struct {
	dir     string
	ca      *authority
	server  pair
	alice   pair // a client of ca
	unknown pair // a client of somebody else
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), ca: newAuthority(t)}
	w.server = w.ca.sign(t, &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"server"}})
	client := func(of *authority) pair {
		return of.sign(t, &x509.Certificate{DNSNames: []string{"alice"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	}
	w.alice, w.unknown = client(w.ca), client(newAuthority(t))
	w.write(t, "server.crt", w.server.cert)
	w.write(t, "server.key", w.server.key)
	w.write(t, "other.key", w.alice.key)
	w.write(t, "ca.pem", w.ca.pem)
	w.write(t, "no.pem", "no certificate\n")
	return w
}

func (w *world) write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
