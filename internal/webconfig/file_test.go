package webconfig

import (
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// served serves a listener as a file says.
func served(file *File) func(net.Listener, *http.Server) error {
	return func(l net.Listener, server *http.Server) error { return file.Serve(l, server) }
}

// TestErrors: an error is one line that says where the mistake is, and what to do.
func TestErrors(t *testing.T) {
	w := newWorld(t)
	for content, want := range map[string]string{
		"tls_server_config:\n  cert_filse: x\n":                         "line 2: there is no key cert_filse",
		"tls_server_config:\n  cert_file: server.crt\n":                 "tls_server_config: key_file is missing",
		withCert + "  min_version: TLS9\n":                              `line 4: there is no version of TLS "TLS9"`,
		withCert + "  cipher_suites: [NONE]\n":                          `line 4: cipher_suites: there is no "NONE"`,
		withCert + "  client_ca_file: ca.pem\n":                         "set client_auth_type, too",
		withCert + "  client_auth_type: Some\n":                         `client_auth_type: there is no "Some"`,
		"basic_auth_users:\n  alice: secret\n":                          "basic_auth_users: alice: want the bcrypt hash of the password",
		"http_server_config:\n  headers:\n    Server: x\n":              "headers: Server cannot be set",
		"http_server_config:\n  headers:\n    X-Frame-Options: maybe\n": `X-Frame-Options: "maybe": want deny or sameorigin`,
		"a word\n": "cannot unmarshal",
		// The toolkit takes this one, and then no client gets in.
		withCert + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: no.pem\n": "client_ca_file: it has no certificate",
	} {
		path := w.write(t, "web.yml", content)
		_, err := Open(path, nil)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), path+": ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s%v, want a line with %q", content, err, want)
		}
	}
	if _, err := Open(w.dir+"/none.yml", nil); !os.IsNotExist(err) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// said collects lines for people.
type said struct {
	mu    sync.Mutex
	lines []string
}

func (s *said) add(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
}

func (s *said) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := s.lines
	s.lines = nil
	return lines
}

// TestReadsAgain: a new password holds at once, and a wrong file lets nobody in, which is
// said once.
func TestReadsAgain(t *testing.T) {
	w := newWorld(t)
	path := w.write(t, "web.yml", withAlice)
	var news said
	file, err := Open(path, news.add)
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, served(file))
	alice := client{scheme: "http", user: "alice:secret", tls: w.clients(t)[0].tls}
	expect := func(status string, lines int) {
		t.Helper()
		for range 2 {
			if got := alice.ask(address); !strings.HasPrefix(got, "HTTP/1.1 "+status) {
				t.Errorf("alice gets %s, want %s", got, status)
			}
		}
		if got := news.take(); len(got) != lines {
			t.Errorf("%d lines, want %d: %q", len(got), lines, got)
		}
	}
	expect("200", 0)
	for range 2 {
		w.write(t, "web.yml", "basic_auth_users: [\n")
		expect("500", 1)
		w.write(t, "web.yml", withAlice)
		expect("200", 0)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	expect("500", 1)
	hash, err := bcrypt.GenerateFromPassword([]byte("other"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "web.yml", "basic_auth_users:\n  alice: "+string(hash)+"\n")
	expect("401", 0)
	alice.user = "alice:other"
	expect("200", 0)
}

// TestPublicPaths: only exactly these need no password.
func TestPublicPaths(t *testing.T) {
	w := newWorld(t)
	file, err := Open(w.write(t, "web.yml", withAlice), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, func(l net.Listener, server *http.Server) error { return file.Serve(l, server, "/healthz") })
	for path, want := range map[string]int{"/healthz": 200, "/": 401, "/healthz/": 401, "/healthz/..": 401, "/a/../healthz": 401, "//healthz": 401, "/%68ealthz": 200} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, answer.StatusCode, want)
		}
	}
}

// TestNewCertificate: the next connection gets it. One that does not fit its key is said.
func TestNewCertificate(t *testing.T) {
	w := newWorld(t)
	path := w.write(t, "web.yml", withCert)
	var news said
	file, err := Open(path, news.add)
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, served(file))
	https := w.clients(t)[4]
	expect := func(want string, lines int) {
		t.Helper()
		for range 2 {
			if got := https.ask(address); !strings.HasPrefix(got, want) {
				t.Errorf("the answer is %s, want %s", got, want)
			}
		}
		if got := news.take(); len(got) != lines {
			t.Errorf("%d lines, want %d: %q", len(got), lines, got)
		}
	}
	expect("HTTP/2.0 200", 0)
	other := newWorld(t)
	w.write(t, "server.crt", other.server.cert)
	expect("nothing", 1)
	w.write(t, "server.key", other.server.key)
	expect("nothing", 0) // the client does not know who signed it
	https.tls.RootCAs.AddCert(other.ca.cert)
	expect("HTTP/2.0 200", 0)
}

// TestLimitIsOfAllConnections: the next request is refused, whoever asks.
func TestLimitIsOfAllConnections(t *testing.T) {
	w := newWorld(t)
	file := open(t, w.write(t, "web.yml", "rate_limit:\n  interval: 1h\n  burst: 3\n"))
	addresses := []string{serve(t, served(file)), serve(t, served(file))}
	plain := w.clients(t)[0]
	var got []string
	for i := range 5 {
		answer := strings.Fields(plain.ask(addresses[i%2]))
		got = append(got, answer[1])
	}
	if want := "200 200 200 429 429"; strings.Join(got, " ") != want {
		t.Errorf("the answers are %s, want %s", got, want)
	}
}

// TestPasswordsAreRemembered: to compare one is slow on purpose.
func TestPasswordsAreRemembered(t *testing.T) {
	p := newPasswords()
	for range 2 {
		if !p.fits(hashOfSecret, "secret") || p.fits(hashOfSecret, "Secret") {
			t.Fatal("the wrong password fits")
		}
	}
	if got := p.last.Len(); got != 2 {
		t.Errorf("%d answers are remembered, want 2", got)
	}
	for range 300 {
		p.fits("no hash", string(rune('a'+p.last.Len())))
	}
	if got := p.last.Len(); got > 100 {
		t.Errorf("%d answers are remembered, which has no bound", got)
	}
}

// TestUnreadable: a server whose file went away before it starts says so.
func TestUnreadable(t *testing.T) {
	w := newWorld(t)
	path := w.write(t, "web.yml", withAlice)
	file := open(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := file.Serve(listener, &http.Server{}); !os.IsNotExist(err) {
		t.Errorf("the error is %v", err)
	}
}
