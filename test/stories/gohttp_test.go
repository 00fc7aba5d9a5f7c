package stories

import (
	"os"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const wgetNetworkFailure = 4

// TestGoServer: the handler answers 413 and leaves the body where it is.
func TestGoServer(t *testing.T) {
	s := newStory(t, "wget")
	client, server := s.host("client"), s.host("server")
	address := s.wire(client, server)
	upload := server.start("upload-server", ":8080")
	server.awaitListener(8080)
	body := s.file("body", "")
	s.must(os.Truncate(body, 50<<20))

	s.watch()
	wget := client.start("wget", "--tries=1", "--post-file="+body, "http://"+address+":8080/")
	if code := wget.wait(); code != wgetNetworkFailure {
		t.Errorf("wget's exit code is %d", code)
	}
	wget.says("Giving up.")
	s.expect("go-server",
		reset{
			On: "server", Dir: event.Sent, Cause: cause.UnreadDataOnClose, Port: 8080, State: event.StateFinWait2,
			Owner: owner("upload-server", upload.pid()), InCall: true, Lost: event.Lost{UnreadBytes: some}, OtherEnd: "client",
		},
		reset{
			On: "client", Dir: event.Received, Cause: cause.ResetAfterPeerClose, Port: 8080, State: event.StateCloseWait,
			Owner: owner("wget", wget.pid()), App: brokenPipe, Lost: event.Lost{UnsentBytes: some}, OtherEnd: "server",
		})
}
