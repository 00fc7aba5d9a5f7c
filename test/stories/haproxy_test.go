package stories

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// haproxy starts it with one thread; sections follow the defaults.
func (h *host) haproxy(sections string) *program {
	h.story.Helper()
	config := h.story.file("haproxy.cfg", `
global
	nbthread 1
	tune.sndbuf.client 1048576
	log stderr format raw local0
defaults
	mode http
	option httplog
	log global
	timeout connect 10s
	timeout client 10s
	timeout server 10s
`+sections)
	p := h.start("haproxy", "-db", "-f", config)
	h.awaitListener(80)
	return p
}

var arrived = regexp.MustCompile(`(?m)^[1-9]\d* bytes$`)

// TestHaproxyNolinger: a client is slow, and the end of its download is still
// in haproxy's socket when haproxy closes that with a reset.
func TestHaproxyNolinger(t *testing.T) {
	s := newStory(t, "haproxy", "nginx", "curl")
	client, proxy, backend := s.host("client"), s.host("proxy"), s.host("backend")
	front := s.wire(client, proxy)
	upstream := s.wire(proxy, backend)
	root := t.TempDir()
	s.must(os.WriteFile(filepath.Join(root, "download"), make([]byte, 500_000), 0o644))
	s.must(os.Chmod(root, 0o755))
	_, worker := backend.nginx(8000, fmt.Sprintf("server { listen 8000; root %s; }", root))
	haproxy := proxy.haproxy(fmt.Sprintf(`
frontend web
	bind :80
	option nolinger
	default_backend app
backend app
	server app %s:8000
`, upstream))

	s.watch()
	stop(s, worker)
	curl := client.start("curl", "-sS", "-o", "/dev/null", "-w", "%{size_download} bytes\n", "-H", "Connection: close", "http://"+front+"/download")
	proxy.awaitState(8000, event.StateEstablished)
	stop(s, curl.pid())
	resume(s, worker)
	s.await("haproxy resets", func() bool { return proxy.outRsts() > proxy.sentAt })
	resume(s, curl.pid())
	curl.wait()
	curl.says("curl: (56) Recv failure: Connection reset by peer")
	if !arrived.MatchString(curl.output.String()) {
		t.Errorf("curl could not read what had arrived before the reset: %s", &curl.output)
	}
	s.expect("haproxy-nolinger",
		reset{
			On: "proxy", Dir: event.Sent, Cause: cause.LingerZero, Port: 80, State: event.StateFinWait1,
			Owner: owner("haproxy", haproxy.pid()), InCall: true, Lost: event.Lost{UnsentBytes: some, UnackedBytes: maybe}, OtherEnd: "client",
		},
		reset{
			On: "client", Dir: event.Received, Cause: cause.PeerAborted, Port: 80, State: event.StateEstablished,
			Owner: owner("curl", curl.pid()), App: connectionReset, OtherEnd: "proxy",
		})
}

// TestHaproxyRestart: haproxy is told to end while a client waits in its accept
// queue.
func TestHaproxyRestart(t *testing.T) {
	s := newStory(t, "haproxy", "curl")
	client, server := s.host("client"), s.host("server")
	address := s.wire(client, server)
	haproxy := server.haproxy(`
frontend web
	bind :80
	http-request return status 200
`)
	s.watch()
	stop(s, haproxy.pid())
	curl := client.start("curl", "-sS", "http://"+address+"/")
	server.awaitUnread(80, event.StateListen, 1)
	server.awaitSocket("the request arrives", func(k socket) bool { return k.state == event.StateEstablished && k.unread > 0 })
	client.awaitAcknowledged(80)
	haproxy.signal(unix.SIGTERM)
	resume(s, haproxy.pid())
	haproxy.wait()
	curl.wait()
	curl.says("curl: (56) Recv failure: Connection reset by peer")
	s.expect("haproxy-restart",
		reset{
			On: "server", Dir: event.Sent, Cause: cause.ListenerClosed, Port: 80, State: event.StateEstablished,
			Owner: owner("haproxy", haproxy.pid()), InCall: true, Ended: "SIGTERM", Lost: event.Lost{UnreadBytes: some}, OtherEnd: "client",
		},
		reset{
			On: "client", Dir: event.Received, Cause: cause.PeerAborted, Port: 80, State: event.StateEstablished,
			Owner: owner("curl", curl.pid()), App: connectionReset, OtherEnd: "server",
		})
}

// TestHaproxyCheck: a health check that only connects.
func TestHaproxyCheck(t *testing.T) {
	s := newStory(t, "haproxy", "nginx")
	proxy, backend := s.host("proxy"), s.host("backend")
	upstream := s.wire(proxy, backend)
	_, worker := backend.nginx(8000, "server { listen 8000; return 200; }")

	s.watch()
	haproxy := proxy.haproxy(fmt.Sprintf(`
frontend web
	bind :80
	default_backend app
backend app
	server app %s:8000 check inter 1h
`, upstream))
	s.expect("haproxy-check",
		reset{
			On: "proxy", Dir: event.Sent, Cause: cause.LingerZero, Port: 8000, State: event.StateEstablished,
			Owner: owner("haproxy", haproxy.pid()), InCall: true, OtherEnd: "backend",
		},
		reset{
			On: "backend", Dir: event.Received, Cause: cause.HandshakeAborted, Port: 8000, State: event.StateSynRecv,
			Owner: owner("nginx", worker), OtherEnd: "proxy",
		})
}
