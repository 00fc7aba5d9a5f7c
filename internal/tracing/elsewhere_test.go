package tracing

import (
	"net/netip"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestElsewhere: only a listener that the SYN could not have met is another one.
func TestElsewhere(t *testing.T) {
	now := time.Now()
	for name, test := range map[string]struct {
		listening []string
		to        string
		want      string
	}{
		"nobody":                    {nil, "127.0.0.1:80", ""},
		"another port":              {[]string{"[::1]:81"}, "127.0.0.1:80", ""},
		"another family":            {[]string{"[::1]:80"}, "127.0.0.1:80", "[::1]:80"},
		"another address":           {[]string{"10.0.0.5:80"}, "127.0.0.1:80", "10.0.0.5:80"},
		"the lowest":                {[]string{"10.0.0.5:80", "[::1]:80", "10.0.0.4:80"}, "127.0.0.1:80", "10.0.0.4:80"},
		"IPv6 only":                 {[]string{"[::]:80"}, "127.0.0.1:80", "[::]:80"},
		"this one, begun meanwhile": {[]string{"10.0.0.5:80", "127.0.0.1:80"}, "127.0.0.1:80", ""},
		"all, begun meanwhile":      {[]string{"[::1]:80", "0.0.0.0:80"}, "127.0.0.1:80", ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := &listeners{netns: 7, at: now, known: map[netip.AddrPort]bool{}}
			for _, text := range test.listening {
				l.known[netip.MustParseAddrPort(text)] = true
			}
			to := netip.MustParseAddrPort(test.to)
			e := event.Event{Cause: cause.ClosedPort, Local: event.Endpoint{Addr: to.Addr(), Port: to.Port()}, Netns: event.Netns{Inode: 7}}
			l.completeClosedPort(&e, now)
			got := ""
			if e.Elsewhere.Addr.IsValid() {
				got = e.Elsewhere.String()
			}
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// TestElsewhereInOtherNamespace: what listens in another namespace counts there only.
func TestElsewhereInOtherNamespace(t *testing.T) {
	now := time.Now()
	reads := 0
	l := &listeners{netns: 7, at: now, known: map[netip.AddrPort]bool{netip.MustParseAddrPort("10.0.0.1:80"): true}}
	l.noted.read = func() ([]probe.Listener, error) {
		reads++
		return []probe.Listener{
			{At: netip.MustParseAddrPort("10.0.0.2:80"), Netns: 8},
			{At: netip.MustParseAddrPort("10.0.0.3:80"), Netns: 9},
		}, nil
	}
	for inode, want := range map[uint32]string{7: "10.0.0.1:80", 8: "10.0.0.2:80", 9: "10.0.0.3:80", 10: ""} {
		e := event.Event{Cause: cause.ClosedPort, Local: event.Endpoint{Addr: netip.MustParseAddr("127.0.0.1"), Port: 80}, Netns: event.Netns{Inode: inode}}
		l.completeClosedPort(&e, now)
		got := ""
		if e.Elsewhere.Addr.IsValid() {
			got = e.Elsewhere.String()
		}
		if got != want {
			t.Errorf("namespace %d: %q, want %q", inode, got, want)
		}
	}
	if reads != 1 {
		t.Errorf("the notes were read %d times in one moment", reads)
	}
}

// TestElsewhereOwner: the process is that of the noted socket, in its namespace. A socket
// without a note, or without a file, has none.
func TestElsewhereOwner(t *testing.T) {
	now := time.Now()
	at := netip.MustParseAddrPort
	noted := []probe.Listener{
		{At: at("10.0.0.1:80"), Netns: 7, Socket: event.SocketRef{Address: 1, Inode: 11}},
		{At: at("10.0.0.1:80"), Netns: 8, Socket: event.SocketRef{Address: 2, Inode: 12}},
		{At: at("10.0.0.1:80"), Netns: 9, Socket: event.SocketRef{Address: 3}},
	}
	l := &listeners{netns: 7, at: now, known: map[netip.AddrPort]bool{at("10.0.0.1:80"): true, at("10.0.0.1:81"): true}}
	l.noted.read = func() ([]probe.Listener, error) { return noted, nil }
	l.owners.Walk = func(sockets []event.SocketRef) (found []event.Holder, pause time.Duration, err error) {
		for _, s := range sockets {
			found = append(found, event.Holder{Socket: s, Process: event.Process{PID: 100 + uint32(s.Inode), Comm: "nginx"}})
		}
		return found, 0, nil
	}
	for name, test := range map[string]struct {
		netns uint32
		port  uint16
		want  uint32
	}{
		"its own namespace": {7, 80, 111},
		"another namespace": {8, 80, 112},
		"no file":           {9, 80, 0},
		"no note":           {7, 81, 0},
	} {
		e := event.Event{Cause: cause.ClosedPort, Local: event.Endpoint{Addr: netip.MustParseAddr("127.0.0.1"), Port: test.port}, Netns: event.Netns{Inode: test.netns}}
		l.completeClosedPort(&e, time.Now())
		if e.Elsewhere.Addr != netip.MustParseAddr("10.0.0.1") || e.Elsewhere.PID != test.want || (e.Elsewhere.Comm != "") != (test.want != 0) {
			t.Errorf("%s: %s of %s[%d], want pid %d", name, e.Elsewhere, e.Elsewhere.Comm, e.Elsewhere.PID, test.want)
		}
	}
}

// TestFormerListener: it is said until when, and how that ended.
func TestFormerListener(t *testing.T) {
	e := event.Event{Cause: cause.ClosedPort, Kernel: event.KernelContext{
		Closing: event.Closing{Ago: 22 * time.Millisecond, From: event.StateListen, To: event.StateClose},
		Closer:  event.Process{PID: 4, Comm: "nginx", Exiting: true, ExitStatus: 9, KilledBy: event.Killer{PID: 3, Comm: "kill"}},
	}}
	var none *listeners // the notes do not need /proc
	none.completeClosedPort(&e, time.Now())
	want := event.FormerListener{AgoMillis: 22, PID: 4, Comm: "nginx", Ended: event.Ended{Signal: "SIGKILL"}, KilledBy: event.Killer{PID: 3, Comm: "kill"}}
	if e.FormerListener != want {
		t.Errorf("%+v, want %+v", e.FormerListener, want)
	}
	e.Kernel.Closing.From, e.FormerListener = event.StateSynSent, event.FormerListener{}
	none.completeClosedPort(&e, time.Now())
	if e.FormerListener != (event.FormerListener{}) {
		t.Errorf("of an attempt to connect: %+v", e.FormerListener)
	}
}
