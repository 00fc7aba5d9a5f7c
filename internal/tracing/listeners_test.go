package tracing

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestReadListeners: the format is that of /proc/net/tcp and tcp6.
func TestReadListeners(t *testing.T) {
	const listing = "  sl  local_address rem_address   st tx_queue rx_queue\n" +
		"   0: 00000000:1F90 00000000:0000 0A 00000000:00000000\n" +
		"   1: 0100007F:14EB 00000000:0000 0A 00000000:00000000\n" +
		"   2: 00000000000000000000000001000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000\n" +
		"   3: 0500000A:0050 0900000A:C822 01 00000000:00000000\n" +
		"   4: 00000000:0016 00000000:0000 0A 00000000:00000000\n" // never behind others
	known := make(map[netip.AddrPort]bool)
	readListeners(strings.NewReader(listing), known)
	want := map[netip.AddrPort]bool{
		netip.MustParseAddrPort("0.0.0.0:8080"): true, netip.MustParseAddrPort("127.0.0.1:5355"): true, netip.MustParseAddrPort("[::1]:443"): true,
	}
	if diff := cmp.Diff(want, known, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, broken := range []string{"", "zz:1F90", "0100007F", "0100007F:1F", "01007F:1F90", "0100007F00:1F90"} {
		if at, ok := parseSocketAddress([]byte(broken)); ok {
			t.Errorf("%q is %v", broken, at)
		}
	}
}

// TestPeerListens asks about a real listener: on the address, on another, gone.
func TestPeerListens(t *testing.T) {
	l := openListeners("/proc")
	if l == nil {
		t.Fatal("the own network namespace is not known")
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := netip.MustParseAddrPort(listener.Addr().String()).Port()
	refused := func(peer, local string, change func(*event.Event)) bool {
		e := &event.Event{Cause: cause.Refused, Netns: event.Netns{Inode: l.netns}}
		e.Peer = event.Endpoint{Addr: netip.MustParseAddr(peer), Port: port}
		e.Local = event.Endpoint{Addr: netip.MustParseAddr(local), Port: 40000}
		change(e)
		l.at = time.Time{} // read again
		l.complete(e, time.Now())
		return e.Kernel.PeerListens
	}
	same := func(*event.Event) {}
	for name, test := range map[string]struct{ got, want bool }{
		"it listens":            {refused("127.0.0.1", "127.0.0.1", same), true},
		"mapped":                {refused("::ffff:127.0.0.1", "::ffff:127.0.0.1", same), true},
		"another address":       {refused("127.0.0.2", "127.0.0.1", same), false},
		"IPv6":                  {refused("::1", "::1", same), false},
		"another host":          {refused("192.0.2.1", "192.0.2.9", same), false},
		"another namespace":     {refused("127.0.0.1", "127.0.0.1", func(e *event.Event) { e.Netns.Inode++ }), false},
		"the other end is seen": {refused("127.0.0.1", "127.0.0.1", func(e *event.Event) { e.PeerEvent = 1 }), false},
		"another cause":         {refused("127.0.0.1", "127.0.0.1", func(e *event.Event) { e.Cause = cause.PeerGone }), false},
	} {
		if test.got != test.want {
			t.Errorf("%s: %v", name, test.got)
		}
	}
	listener.Close()
	if refused("127.0.0.1", "127.0.0.1", same) {
		t.Error("it is gone")
	}
}
