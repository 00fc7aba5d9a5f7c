package tracing

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// makeProc makes a /proc of processes, each with its namespace and the lines of its
// sockets, as "127.0.0.1:80 127.0.0.1:40000 01".
func makeProc(t *testing.T, processes map[string][]string, netns map[string]uint32) string {
	proc := t.TempDir()
	for pid, sockets := range processes {
		must(t, os.MkdirAll(filepath.Join(proc, pid, "ns"), 0o755))
		must(t, os.MkdirAll(filepath.Join(proc, pid, "net"), 0o755))
		must(t, os.Symlink("net:["+strconv.Itoa(int(netns[pid]))+"]", filepath.Join(proc, pid, "ns/net")))
		text := "  sl  local_address rem_address   st\n"
		for i, line := range sockets {
			fields := strings.Fields(line)
			text += "   " + strconv.Itoa(i) + ": " + hexAddress(fields[0]) + " " + hexAddress(fields[1]) + " " + fields[2] + " 0 0\n"
		}
		must(t, os.WriteFile(filepath.Join(proc, pid, "net/tcp"), []byte(text), 0o644))
	}
	return proc
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// hexAddress writes an IPv4 address and port as the kernel does.
func hexAddress(text string) string {
	const digits = "0123456789ABCDEF"
	at := netip.MustParseAddrPort(text)
	b := at.Addr().As4()
	var out []byte
	for _, v := range []byte{b[3], b[2], b[1], b[0]} {
		out = append(out, digits[v>>4], digits[v&15])
	}
	port := at.Port()
	return string(out) + ":" + string([]byte{digits[port>>12], digits[port>>8&15], digits[port>>4&15], digits[port&15]})
}

func endpointOf(text string) event.Endpoint {
	at := netip.MustParseAddrPort(text)
	return event.Endpoint{Addr: at.Addr(), Port: at.Port()}
}

// ticking is a clock that goes on by so much each time it is looked at.
func ticking(step time.Duration) func() time.Time {
	now := time.Unix(0, 0)
	return func() time.Time {
		now = now.Add(step)
		return now
	}
}

// TestSearchThatTakesLong: events wait for it, so it is given up, and the next one is far.
func TestSearchThatTakesLong(t *testing.T) {
	const local, peer = "10.0.0.2:40000", "10.0.0.1:80"
	netns := map[string]uint32{"self": 1, "20": 2}
	e := event.Event{Local: endpointOf(local), Peer: endpointOf(peer), Netns: event.Netns{Inode: 3}}
	for step, want := range map[time.Duration]bool{openSocketsTime / 10: true, openSocketsTime: false} {
		o := openOpenSockets(makeProc(t, map[string][]string{"self": nil, "20": {peer + " " + local + " 01"}}, netns))
		o.now = ticking(step)
		if got := o.peerIsOpen(&e); got != want {
			t.Errorf("a clock that goes on by %s: open %v, want %v", step, got, want)
		}
		if pause := o.next.Sub(time.Unix(0, 0)); pause < openSocketsShare*2*step {
			t.Errorf("a clock that goes on by %s: the next search after %s", step, pause)
		}
	}
}

// TestPeerIsOpen: only the very other end proves it, only while it has the connection, and
// only where one namespace has it.
func TestPeerIsOpen(t *testing.T) {
	const self, local, peer = "self", "10.0.0.2:40000", "10.0.0.1:80"
	netns := map[string]uint32{self: 1, "10": 1, "20": 2, "30": 3}
	for name, test := range map[string]struct {
		processes map[string][]string
		open      bool
	}{
		"no such socket":           {map[string][]string{"10": {"0.0.0.0:80 0.0.0.0:0 0A"}}, false},
		"open in this namespace":   {map[string][]string{"10": {peer + " " + local + " 01"}}, true},
		"open in another one":      {map[string][]string{"10": nil, "20": {peer + " " + local + " 08"}}, true},
		"another client's":         {map[string][]string{"20": {peer + " 10.0.0.2:40001 01"}}, false},
		"closing":                  {map[string][]string{"20": {peer + " " + local + " 04"}}, false},
		"a TIME_WAIT mini-socket":  {map[string][]string{"20": {peer + " " + local + " 06"}}, false},
		"two namespaces have it":   {map[string][]string{"20": {peer + " " + local + " 01"}, "30": {peer + " " + local + " 01"}}, false},
		"the ports are used again": {map[string][]string{"20": {peer + " " + local + " 01"}, "30": {local + " " + peer + " 01"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			test.processes[self] = nil
			o := openOpenSockets(makeProc(t, test.processes, netns))
			o.now = ticking(time.Millisecond)
			e := event.Event{Local: endpointOf(local), Peer: endpointOf(peer), Netns: event.Netns{Inode: 3}}
			if got := o.peerIsOpen(&e); got != test.open {
				t.Errorf("open %v, want %v", got, test.open)
			}
			if o.peerIsOpen(&e) {
				t.Error("a search follows the other one without a pause")
			}
		})
	}
}

// TestPeerOnLoopback: every namespace has a loopback device of its own.
func TestPeerOnLoopback(t *testing.T) {
	const local, peer = "127.0.0.1:40000", "127.0.0.1:80"
	netns := map[string]uint32{"self": 1, "20": 2}
	for inode, want := range map[uint32]bool{1: false, 2: true} {
		o := openOpenSockets(makeProc(t, map[string][]string{"self": nil, "20": {peer + " " + local + " 01"}}, netns))
		o.now = ticking(time.Millisecond)
		e := event.Event{Local: endpointOf(local), Peer: endpointOf(peer), Netns: event.Netns{Inode: inode}}
		if got := o.peerIsOpen(&e); got != want {
			t.Errorf("namespace %d: open %v, want %v", inode, got, want)
		}
	}
}
