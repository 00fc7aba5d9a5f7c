package stories

import (
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// slowServer answers after two seconds.
const slowServer = `
import http.server, time
class Slow(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(2)
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("", 8000), Slow).serve_forever()
`

// TestCurlMaxTime: curl waits for a second, and the answer comes later.
func TestCurlMaxTime(t *testing.T) {
	s := newStory(t, "python3", "curl")
	client, server := s.host("client"), s.host("server")
	address := s.wire(client, server)
	app := server.start("python3", s.file("slow.py", slowServer))
	server.awaitListener(8000)
	s.watch()
	curl := client.start("curl", "-sS", "-m", "1", "http://"+address+":8000/report")
	curl.wait()
	curl.says("curl: (28) Operation timed out after")
	s.expect("curl-max-time",
		reset{
			On: "client", Dir: event.Sent, Cause: cause.DataAfterClose, Port: 8000, State: event.StateFinWait2,
			Owner: owner("curl", curl.pid()), OtherEnd: "server",
		},
		reset{
			On: "server", Dir: event.Received, Cause: cause.WroteAfterPeerClose, Port: 8000, State: event.StateCloseWait,
			Owner: owner("python3", app.pid()), App: brokenPipe, Lost: event.Lost{UnackedBytes: some}, OtherEnd: "client",
		})
}
