package webconfig

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/exporter-toolkit/web"
)

const (
	withCert     = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
	hashOfSecret = "$2a$04$6iPQex8iUgeHBLeM22zUYe494DAHHuVSHMZDdJf0re0Fn7jiVNbtm"
	withAlice    = "basic_auth_users:\n  alice: " + hashOfSecret + "\n"
)

// right are files that are taken, and wrong ones that are not.
var (
	right = []string{
		"",
		"# nothing\n",
		"tls_server_config:\n",
		withCert,
		withAlice,
		withCert + withAlice,
		"basic_auth_users: {}\n",
		withCert + "  min_version: TLS10\n  max_version: TLS12\n  prefer_server_cipher_suites: false\n",
		withCert + "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]\n  curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]\n",
		withCert + "  client_auth_type: RequestClientCert\n",
		withCert + "  client_auth_type: RequireClientCert\n",
		withCert + "  client_auth_type: RequireAnyClientCert\n",
		withCert + "  client_auth_type: NoClientCert\n",
		withCert + "  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.pem\n",
		withCert + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n",
		withCert + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n  client_allowed_sans: [alice, bob]\n",
		withCert + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n  client_allowed_sans: [bob]\n",
		withCert + "http_server_config:\n  http2: false\n",
		withCert + "http_server_config:\n  http2: no\n",
		"http_server_config:\n  headers:\n    X-Frame-Options: deny\n    X-Content-Type-Options: nosniff\n    Content-Security-Policy: x\n    X-XSS-Protection: y\n    Strict-Transport-Security: z\n",
		"rate_limit:\n  interval: 1h\n  burst: 2\n",
		"rate_limit:\n  interval: 0\n  burst: 0\n",
		"rate_limit:\n  interval: 1s\n",
	}
	wrong = []string{
		"a word\n",
		"tls_server_config:\n  cert_filse: server.crt\n",
		"tls_server_config:\n  cert_file: server.crt\n",
		"tls_server_config:\n  key_file: server.key\n",
		"tls_server_config:\n  client_auth_type: RequireAnyClientCert\n",
		"tls_server_config:\n  cert_file: server.crt\n  key_file: none.key\n",
		"tls_server_config:\n  cert_file: none.crt\n  key_file: server.key\n",
		"tls_server_config:\n  cert_file: server.crt\n  key_file: other.key\n",
		"tls_server_config:\n  cert: x\n  key: y\n",
		withCert + "  min_version: TLS9\n",
		withCert + "  cipher_suites: [TLS_NONE]\n",
		withCert + "  curve_preferences: [CurveP1]\n",
		withCert + "  client_auth_type: Sometimes\n",
		withCert + "  client_ca_file: ca.pem\n",
		withCert + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: none.pem\n",
		withCert + withCert,
		"basic_auth_users:\n  alice: secret\n",
		"basic_auth_users: [alice]\n",
		"http_server_config:\n  headers:\n    Server: x\n",
		"http_server_config:\n  headers:\n    X-Frame-Options: maybe\n",
		"http_server_config:\n  http2: 7\n",
		"rate_limit:\n  interval: soon\n",
		"rate_limit:\n  burst: many\n",
	}
)

// TestTakesWhatTheToolkitTakes: a file is right for both, or for neither.
func TestTakesWhatTheToolkitTakes(t *testing.T) {
	w := newWorld(t)
	inline := "tls_server_config:\n  cert: |\n" + indented(w.server.cert) + "  key: |\n" + indented(w.server.key)
	check := func(content string, want bool) {
		t.Helper()
		path := w.write(t, "web.yml", content)
		theirs := web.Validate(path)
		_, ours := Open(path, nil)
		if (theirs == nil) != want || (ours == nil) != want {
			t.Errorf("taken: the toolkit %v, rsttrace %v, want %v\n%s%v", theirs == nil, ours == nil, want, content, ours)
		}
	}
	for _, content := range append(right, inline) {
		check(content, true)
	}
	for _, content := range wrong {
		check(content, false)
	}
}

func indented(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ") + "\n"
}

// TestAnswersLikeTheToolkit asks a server of each, once with every sort of client.
func TestAnswersLikeTheToolkit(t *testing.T) {
	w := newWorld(t)
	for _, content := range right {
		path := w.write(t, "web.yml", content)
		theirs := serve(t, func(l net.Listener, s *http.Server) error {
			return web.Serve(l, s, &web.FlagConfig{WebConfigFile: &path}, slog.New(slog.DiscardHandler))
		})
		file := open(t, path)
		ours := serve(t, served(file))
		for _, client := range w.clients(t) {
			want, got := client.ask(theirs), client.ask(ours)
			if got != want {
				t.Errorf("%s\n%s: rsttrace answers %s, and the toolkit %s", content, client.what, got, want)
			}
		}
	}
}

func open(t *testing.T, path string) *File {
	t.Helper()
	file, err := Open(path, func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// serve starts a server that answers with one word.
func serve(t *testing.T, with func(net.Listener, *http.Server) error) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		Handler:  http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "metrics") }),
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	ended := make(chan error)
	go func() { ended <- with(listener, server) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the server ended: %v", err)
		}
	})
	return listener.Addr().String()
}

// client asks in one way.
type client struct {
	what   string
	scheme string
	user   string // with the password
	tls    *tls.Config
	h1     bool
}

func (w *world) clients(t *testing.T) []client {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(w.ca.cert)
	with := func(change func(*tls.Config)) *tls.Config {
		c := &tls.Config{RootCAs: roots}
		change(c)
		return c
	}
	plain := with(func(*tls.Config) {})
	return []client{
		{what: "no TLS, no password", scheme: "http", tls: plain},
		{what: "no TLS, the password", scheme: "http", user: "alice:secret", tls: plain},
		{what: "no TLS, a wrong password", scheme: "http", user: "alice:secrets", tls: plain},
		{what: "no TLS, nobody's password", scheme: "http", user: "bob:secret", tls: plain},
		{what: "TLS, no password", scheme: "https", tls: plain},
		{what: "TLS, the password", scheme: "https", user: "alice:secret", tls: plain},
		{what: "TLS, HTTP/1 only", scheme: "https", tls: plain, h1: true},
		{what: "TLS 1.3", scheme: "https", tls: with(func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 })},
		{what: "TLS 1.1", scheme: "https", tls: with(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 })},
		{what: "TLS with a certificate", scheme: "https", tls: with(func(c *tls.Config) { c.Certificates = []tls.Certificate{w.alice.tls(t)} })},
		{what: "TLS with a certificate of somebody else", scheme: "https", tls: with(func(c *tls.Config) {
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				unknown := w.unknown.tls(t)
				return &unknown, nil
			}
		})},
	}
}

// ask returns what the client sees, in words.
func (c client) ask(address string) string {
	transport := &http.Transport{TLSClientConfig: c.tls.Clone(), ForceAttemptHTTP2: !c.h1}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequest(http.MethodGet, c.scheme+"://"+address+"/", http.NoBody)
	if err != nil {
		return err.Error()
	}
	if user, password, given := strings.Cut(c.user, ":"); given {
		request.SetBasicAuth(user, password)
	}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return "nothing"
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	answer.Header.Del("Date")
	version := ""
	if answer.TLS != nil {
		version = tls.VersionName(answer.TLS.Version) + " " + answer.TLS.NegotiatedProtocol
	}
	return fmt.Sprint(answer.Proto, " ", answer.StatusCode, " ", answer.Header, " ", strings.TrimSpace(string(body)), " ", version, err)
}
