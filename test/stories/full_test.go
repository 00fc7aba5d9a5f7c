package stories

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// turnedAway lets one client more connect than the server serves. The server says a line
// and closes, and the client sends its request all the same.
func (s *story) turnedAway(client, server *host, address string, port uint16, line, request string) *program {
	s.Helper()
	const untilTheOtherEndCloses = "60" // not when this one has
	socat := client.start("socat", "-t", untilTheOtherEndCloses, "-", fmt.Sprintf("TCP:%s:%d", address, port))
	socat.says(line)
	client.awaitState(port, event.StateCloseWait)
	socat.write(request)
	s.await("the server's kernel refuses the request", func() bool { return server.outRsts() > server.sentAt })
	return socat
}

// expectTurnedAway: the RST came for data after the close.
func (s *story) expectTurnedAway(block string, port uint16, serverOwner string, socat *program, request string) {
	s.Helper()
	s.expect(block,
		reset{
			On: "server", Dir: event.Sent, Cause: cause.DataAfterClose, Port: port, State: event.StateFinWait2,
			Owner: serverOwner, OtherEnd: "client",
		},
		reset{
			On: "client", Dir: event.Received, Cause: cause.WroteAfterPeerClose, Port: port, State: event.StateCloseWait,
			Owner: owner("socat", socat.pid()), App: brokenPipe, Lost: event.Lost{UnackedBytes: uint32(len(request))}, OtherEnd: "server",
		})
}

// TestMemcachedFull: memcached serves as many connections as -c says, and tells others so.
func TestMemcachedFull(t *testing.T) {
	const port = 11211
	s := newStory(t, "memcached", "socat")
	client, server := s.host("client"), s.host("server")
	address := s.wire(client, server)
	memcached := server.start("memcached", "-u", "root", "-t", "1", "-c", "20", "-U", "0", "-p", fmt.Sprint(port))
	server.awaitListener(port)
	// It counts some descriptors of its own.
	const line = "ERROR Too many open connections"
	for full := false; !full; {
		probe := client.start("socat", "-", fmt.Sprintf("TCP:%s:%d", address, port))
		probe.write("version\r\n")
		s.await("memcached answers", func() bool { return strings.Contains(probe.output.String(), "\n") })
		if full = strings.Contains(probe.output.String(), line); full {
			probe.wait() // a reset that it gets is not of the story
		}
	}
	s.watch()
	const request = "get key\r\n"
	socat := s.turnedAway(client, server, address, port, line, request)
	s.expectTurnedAway("memcached-full", port, owner("memcached", memcached.pid()), socat, request)
}

// sshd starts it with the user and the folder that an installed one has.
func (h *host) sshd(settings ...string) *program {
	h.story.Helper()
	path, err := find("sshd")
	h.story.must(err)
	key := filepath.Join(h.story.TempDir(), "key")
	made := h.start("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
	if code := made.wait(); code != 0 {
		h.story.Fatalf("ssh-keygen: %d %s", code, &made.output)
	}
	users, err := os.ReadFile("/etc/passwd")
	h.story.must(err)
	passwd := h.story.file("passwd", string(users)+"\nsshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n")
	config := h.story.file("sshd_config", "HostKey "+key+"\nPidFile none\n"+strings.Join(settings, "\n")+"\n")
	const run = `mount --bind "$1" /etc/passwd && mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && exec "$2" -D -e -f "$3"`
	p := h.startWith(&syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}, "sh", "-c", run, "sh", passwd, path, config)
	h.awaitListener(22)
	return p
}

// TestSSHDFull: sshd lets as many people log in at once as MaxStartups says.
func TestSSHDFull(t *testing.T) {
	s := newStory(t, "sshd", "ssh-keygen", "socat")
	client, server := s.host("client"), s.host("server")
	address := s.wire(client, server)
	sshd := server.sshd("MaxStartups 1:100:1")
	first := client.start("socat", "-", "TCP:"+address+":22")
	s.await("sshd greets", func() bool { return strings.Contains(first.output.String(), "SSH-2.0-") })
	s.watch()
	const request = "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
	socat := s.turnedAway(client, server, address, 22, "Exceeded MaxStartups", request)
	s.expectTurnedAway("sshd-full", 22, owner("sshd", sshd.pid()), socat, request)
}
