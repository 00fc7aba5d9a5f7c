package stories

import (
	"fmt"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestNodeKeepalive: Node.js closes a connection of nginx that is idle for 5 s. A request
// that comes in this moment waits in nginx, and is sent on that connection.
func TestNodeKeepalive(t *testing.T) {
	s := newStory(t, "node", "nginx", "curl")
	client, proxy, backend := s.host("client"), s.host("proxy"), s.host("backend")
	front := s.wire(client, proxy)
	upstream := s.wire(proxy, backend)
	app := backend.start("node", "-e", `require("http").createServer((request, response) => response.end("ok")).listen(8000, "0.0.0.0")`)
	backend.awaitListener(8000)
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
	post := func() *program {
		return client.start("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}\n", "-d", "x=1", "http://"+front+"/order")
	}

	s.watch()
	post().wait()
	stop(s, worker)
	curl := post()
	proxy.awaitSocket("the request waits in front of nginx", func(k socket) bool {
		return k.local.Port() == 80 && k.state == event.StateEstablished && k.unread > 0
	})
	proxy.awaitState(8000, event.StateCloseWait) // after keepAliveTimeout
	backend.awaitState(8000, event.StateFinWait2)
	resume(s, worker)
	curl.wait()
	curl.says("502")
	nginx.says("upstream prematurely closed connection while reading response header from upstream")
	s.expect("node-keepalive",
		reset{
			On: "backend", Dir: event.Sent, Cause: cause.DataAfterClose, Port: 8000, State: event.StateFinWait2,
			Owner: owner(comm(s, app.pid()), app.pid()), OtherEnd: "proxy",
		},
		reset{
			On: "proxy", Dir: event.Received, Cause: cause.WroteAfterPeerClose, Port: 8000, State: event.StateCloseWait,
			Owner: owner("nginx", worker), App: brokenPipe, Lost: event.Lost{UnackedBytes: some}, OtherEnd: "backend",
		})
}
