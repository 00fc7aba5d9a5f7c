package webconfig

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// File is a file that is read again for each connection and each request. So a new
// certificate or password needs no restart.
type File struct {
	path string
	say  func(string) // a line for people

	mu      sync.Mutex
	content []byte // that now is from
	now     *state
	said    string // the last complaint; "": all is right
}

// state is what follows from one content of the file.
type state struct {
	*config
	limiter *rate.Limiter // nil: no limit
}

// Open reads a file and all that it names. The error says what is wrong with it.
//
// A File calls say, from any goroutine, when what it reads has become wrong.
func Open(path string, say func(string)) (*File, error) {
	f := &File{path: path, say: say}
	_, err := f.read()
	return f, err
}

// read is what the file says now.
func (f *File) read() (*state, error) {
	content, err := os.ReadFile(f.path)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now != nil && bytes.Equal(content, f.content) {
		return f.now, nil
	}
	c, err := parse(content, filepath.Dir(f.path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	now := &state{config: c}
	if c.Limit.Interval != 0 {
		now.limiter = rate.NewLimiter(rate.Every(time.Duration(c.Limit.Interval)), c.Limit.Burst)
	}
	f.content, f.now = content, now
	return now, nil
}

// complain says once that nobody gets in, and why. A wrong file lets nobody in, because what
// it should say may be that somebody is no longer allowed to.
func (f *File) complain(err error) error {
	f.mu.Lock()
	news := f.said != err.Error()
	f.said = err.Error()
	f.mu.Unlock()
	if news {
		f.say("requests are refused until this is right: " + err.Error())
	}
	return err
}

// fine is that somebody gets in.
func (f *File) fine() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said = ""
}

// Serve serves a listener as the file says. Whether there is TLS is decided here, and then
// does not change. Public are paths that need no password.
func (f *File) Serve(listener net.Listener, server *http.Server, public ...string) error {
	now, err := f.read()
	if err != nil {
		return err
	}
	server.Handler = &guard{file: f, behind: server.Handler, public: public, passwords: newPasswords()}
	if !now.TLS.wanted() {
		return server.Serve(listener)
	}
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(now.HTTP.HTTP2)
	names := []string{"http/1.1"}
	if now.HTTP.HTTP2 {
		names = []string{"h2", "http/1.1"}
	}
	server.TLSConfig = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return f.tlsNow(names) }}
	return server.ServeTLS(listener, "", "")
}

// tlsNow has the certificates as they are in their files now.
func (f *File) tlsNow(protocols []string) (*tls.Config, error) {
	now, err := f.read()
	if err != nil {
		return nil, f.complain(err)
	}
	loaded, err := now.TLS.load()
	if err != nil {
		return nil, f.complain(fmt.Errorf("%s: tls_server_config: %w", f.path, err))
	}
	f.fine()
	loaded.NextProtos = protocols
	return loaded, nil
}
