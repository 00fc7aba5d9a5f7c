package grpcclient

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// serve answers in HTTP/2 without TLS.
func serve(t *testing.T, handle http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewUnstartedServer(handle)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "tcp", server.Listener.Addr().String())
	}
	c := New(&http.Transport{DialContext: dial}, 10)
	t.Cleanup(c.Close)
	return c
}

func TestCall(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		question, err := Unframe(body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/grpc" || r.Header.Get("Te") != "trailers" {
			t.Errorf("asked %s %v %q: %v", r.Method, r.Header, body, err)
		}
		switch r.URL.Path {
		case "/a.B/Echo":
			w.Header().Set("Trailer", "Grpc-Status")
			_, _ = w.Write(Frame(question))
			w.Header().Set("Grpc-Status", "0")
		case "/a.B/Fail":
			w.Header().Set("Grpc-Status", "13")
			w.Header().Set("Grpc-Message", strings.Repeat("\x1b", 10_000))
		default:
			w.Header().Set("Grpc-Status", "12")
		}
	})
	for _, question := range []string{"", "hello", strings.Repeat("x", 10)} {
		if got, err := c.Call(t.Context(), "/a.B/Echo", []byte(question)); string(got) != question || err != nil {
			t.Errorf("%q: %q, %v", question, got, err)
		}
	}
	if _, err := c.Call(t.Context(), "/a.B/Echo", make([]byte, 11)); err == nil || !strings.Contains(err.Error(), "more than 10 bytes") {
		t.Errorf("a long answer: %v", err)
	}
	if _, err := c.Call(t.Context(), "/a.B/Other", nil); !errors.Is(err, ErrUnimplemented) {
		t.Errorf("a method that is not there: %v", err)
	}
	if _, err := c.Call(t.Context(), "/a.B/Fail", nil); err == nil || len(err.Error()) > 5*wordsMax || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("an error: %v", err)
	}
}

func TestUnframe(t *testing.T) {
	for _, body := range []string{"", "\x00\x00\x00\x00", "\x01\x00\x00\x00\x00", "\x00\x00\x00\x00\x01", "\x00\x00\x00\x00\x00x", "\x00\xff\xff\xff\xffx"} {
		if got, err := Unframe([]byte(body)); err == nil {
			t.Errorf("%q: %q", body, got)
		}
	}
	if got, err := Unframe(Frame([]byte("x"))); string(got) != "x" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
