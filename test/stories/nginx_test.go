package stories

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// nginx starts it with one worker, and returns that worker's pid.
func (h *host) nginx(port uint16, servers string) (master *program, worker int) {
	h.story.Helper()
	dir := h.story.TempDir()
	config := h.story.file("nginx.conf", fmt.Sprintf(`
user root;
daemon off;
worker_processes 1;
pid %[1]s/pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	%[2]s
}
`, dir, servers))
	master = h.startMaster("nginx", "-e", "stderr", "-p", dir, "-c", config)
	h.awaitListener(port)
	return master, master.worker()
}

// TestNginxUpstream: the application behind nginx closes without reading the
// request's body.
func TestNginxUpstream(t *testing.T) {
	s := newStory(t, "nginx", "curl")
	client, proxy, backend := s.host("client"), s.host("proxy"), s.host("backend")
	front := s.wire(client, proxy)
	upstream := s.wire(proxy, backend)
	app := backend.start("app", ":8000")
	backend.awaitListener(8000)
	nginx, worker := proxy.nginx(80, fmt.Sprintf("server { listen 80; location / { proxy_pass http://%s:8000; } }", upstream))
	body := s.file("body", strings.Repeat("x", 10_000))

	s.watch()
	curl := client.start("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}\n", "--data-binary", "@"+body, "http://"+front+"/upload")
	curl.wait()
	curl.says("502")
	nginx.says("recv() failed (104: Connection reset by peer) while reading response header from upstream")
	s.expect("nginx-upstream",
		reset{
			On: "backend", Dir: event.Sent, Cause: cause.UnreadDataOnClose, Port: 8000, State: event.StateEstablished,
			Owner: owner("app", app.pid()), InCall: true, Lost: event.Lost{UnreadBytes: some}, OtherEnd: "proxy",
		},
		reset{
			On: "proxy", Dir: event.Received, Cause: cause.PeerAborted, Port: 8000, State: event.StateEstablished,
			Owner: owner("nginx", worker), App: connectionReset, OtherEnd: "backend",
		})
}

// TestNginxKeepalive: the backend, which reloads, closes an idle connection at
// the moment at which nginx uses it again. What is safe to repeat is repeated.
func TestNginxKeepalive(t *testing.T) {
	t.Run("GET", func(t *testing.T) { playKeepaliveRace(t, "200") })
	t.Run("POST", func(t *testing.T) {
		nginx := playKeepaliveRace(t, "502", "-d", "x=1")
		nginx.says("upstream prematurely closed connection while reading response header from upstream")
	})
}

// playKeepaliveRace expects a status for a request with options of curl.
func playKeepaliveRace(t *testing.T, status string, options ...string) *program {
	t.Helper()
	s := newStory(t, "nginx", "curl")
	client, proxy, backend := s.host("client"), s.host("proxy"), s.host("backend")
	front := s.wire(client, proxy)
	upstream := s.wire(proxy, backend)
	app, appWorker := backend.nginx(8000, "server { listen 8000; return 200; }")
	nginx, worker := proxy.nginx(80, fmt.Sprintf(`
	upstream app { server %s:8000; keepalive 8; }
	server {
		listen 80 deferred;
		location / {
			proxy_pass http://app;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
		}
	}`, upstream))
	request := func() *program {
		return client.start("curl", append(options, "-sS", "-o", "/dev/null", "-w", "%{http_code}\n", "http://"+front+"/order")...)
	}

	s.watch()
	request().wait()
	stop(s, worker)
	curl := request()
	proxy.awaitSocket("the request waits in front of nginx", func(k socket) bool {
		return k.local.Port() == 80 && k.state == event.StateEstablished && k.unread > 0
	})
	app.signal(unix.SIGHUP)
	proxy.awaitState(8000, event.StateCloseWait)
	backend.awaitState(8000, event.StateFinWait2)
	resume(s, worker)
	curl.wait()
	curl.says(status)
	s.expect("nginx-keepalive",
		reset{
			On: "backend", Dir: event.Sent, Cause: cause.DataAfterClose, Port: 8000, State: event.StateFinWait2,
			Owner: owner("nginx", appWorker), OtherEnd: "proxy",
		},
		reset{
			On: "proxy", Dir: event.Received, Cause: cause.WroteAfterPeerClose, Port: 8000, State: event.StateCloseWait,
			Owner: owner("nginx", worker), App: brokenPipe, Lost: event.Lost{UnackedBytes: some}, OtherEnd: "backend",
		})
	return nginx
}

// TestNginxLocalhost: nginx listens, but not on the address that others use.
func TestNginxLocalhost(t *testing.T) {
	s := newStory(t, "nginx", "curl")
	client, server := s.host("client"), s.host("server")
	address := s.wire(client, server)
	server.nginx(8000, "server { listen 127.0.0.1:8000; return 200; }")

	s.watch()
	curl := client.start("curl", "-sS", "http://"+address+":8000/")
	curl.says("curl: (7) Failed to connect to 192.0.2.1 port 8000")
	s.expect("nginx-localhost",
		reset{On: "server", Dir: event.Sent, Cause: cause.ClosedPort, Port: 8000, OtherEnd: "client"},
		reset{
			On: "client", Dir: event.Received, Cause: cause.Refused, Port: 8000, State: event.StateSynSent,
			Owner: owner("curl", curl.pid()), App: refused, OtherEnd: "server",
		})
}
