package stories

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const unreadPart = 5000

// unreadBy starts a receiver that reads nothing, and a sender that has sent it a part.
func (s *story) unreadBy(client, server *host, address string) (receiver, sender *program) {
	s.Helper()
	receiver = server.start("socat", "-u", "TCP4-LISTEN:9000", "OPEN:/dev/null")
	server.awaitListener(9000)
	s.watch()
	sender = client.start("socat", "-u", "STDIN", "TCP4:"+address+":9000")
	s.await("the receiver has accepted, and listens no more", func() bool {
		return !slices.ContainsFunc(server.sockets(), func(k socket) bool { return k.state == event.StateListen })
	})
	stop(s, receiver.pid())
	sender.write(strings.Repeat("x", unreadPart))
	server.awaitUnread(9000, event.StateEstablished, unreadPart)
	return receiver, sender
}

// TestSocatKilled: the receiver dies with data unread.
func TestSocatKilled(t *testing.T) {
	s := newStory(t, "socat")
	client, server := s.host("client"), s.host("server")
	address := s.wire(client, server)
	receiver, sender := s.unreadBy(client, server, address)
	client.awaitAcknowledged(9000)
	receiver.signal(unix.SIGKILL)
	receiver.wait()
	s.await("the kernel resets", func() bool { return server.outRsts() > server.sentAt })
	sender.write("more")
	sender.says("Connection reset by peer")
	s.expect("socat-killed",
		reset{
			On: "server", Dir: event.Sent, Cause: cause.UnreadDataOnClose, Port: 9000, State: event.StateEstablished,
			Owner: owner("socat", receiver.pid()), InCall: true, Ended: "SIGKILL", Lost: event.Lost{UnreadBytes: unreadPart}, OtherEnd: "client",
		},
		reset{
			On: "client", Dir: event.Received, Cause: cause.PeerAborted, Port: 9000, State: event.StateEstablished,
			Owner: owner("socat", sender.pid()), App: connectionReset, OtherEnd: "server",
		})
}

// TestFinWait2Killed: the sender has closed, and waits in FIN_WAIT2. The receiver dies with data
// unread. tcp_rfc1337 is on and does not protect FIN_WAIT2, so nobody may advise it.
func TestFinWait2Killed(t *testing.T) {
	s := newStory(t, "socat")
	client, server := s.host("client"), s.host("server")
	address := s.wire(client, server)
	s.must(client.ns.Sysctl("ipv4/tcp_rfc1337", "1"))
	receiver, sender := s.unreadBy(client, server, address)
	s.must(sender.stdin.Close())
	sender.wait()
	client.awaitState(9000, event.StateFinWait2)
	receiver.signal(unix.SIGKILL)
	receiver.wait()
	s.await("the kernel resets", func() bool { return server.outRsts() > server.sentAt })
	s.expect("fin-wait-killed",
		reset{
			On: "server", Dir: event.Sent, Cause: cause.UnreadDataOnClose, Port: 9000, State: event.StateCloseWait,
			Owner: owner("socat", receiver.pid()), InCall: true, Ended: "SIGKILL", Lost: event.Lost{UnreadBytes: unreadPart}, OtherEnd: "client",
		},
		reset{
			On: "client", Dir: event.Received, Cause: cause.TimeWaitKilled, Port: 9000, State: event.StateFinWait2,
			Owner: owner("socat", sender.pid()), OtherEnd: "server",
		})
	events, _ := s.events()
	for _, e := range events {
		if strings.Contains(e.Remedy, "tcp_rfc1337") {
			t.Errorf("%s advises what does not help: %s", e.Cause, e.Remedy)
		}
	}
}

// TestShellSIGPIPE: the receiver dies with nothing unread, so the sender gets a
// FIN, which it never looks for. The next line it sends is refused, the one
// after that kills it.
func TestShellSIGPIPE(t *testing.T) {
	s := newStory(t, "socat", "bash")
	client, server := s.host("client"), s.host("server")
	address := s.wire(client, server)
	receiver := server.start("socat", "-u", "TCP4-LISTEN:9000", "STDOUT")
	server.awaitListener(9000)

	s.watch()
	sender := client.start("bash", "-c", `exec 3>/dev/tcp/`+address+`/9000; while read -r line; do echo "$line" >&3; done`)
	sender.write("one\n")
	s.await("a line arrives", func() bool { return receiver.output.String() == "one\n" })
	receiver.signal(unix.SIGKILL)
	receiver.wait()
	server.awaitState(9000, event.StateFinWait2)
	sender.write("two\n")
	s.await("the kernel resets", func() bool { return server.outRsts() > server.sentAt })
	sender.write("three\n")
	if status := sender.wait(); status != -int(unix.SIGPIPE) {
		t.Errorf("the shell's status is %d, want SIGPIPE", status)
	}
	s.expect("shell-sigpipe",
		reset{
			On: "server", Dir: event.Sent, Cause: cause.DataAfterClose, Port: 9000, State: event.StateFinWait2,
			Owner: owner("socat", receiver.pid()), Ended: "SIGKILL", OtherEnd: "client",
		},
		reset{
			On: "client", Dir: event.Received, Cause: cause.WroteAfterPeerClose, Port: 9000, State: event.StateCloseWait,
			Owner: owner("bash", sender.pid()), App: brokenPipe, Lost: event.Lost{UnackedBytes: 4}, Pipe: pipeFatal, OtherEnd: "server",
		})
}
