package tracing

import (
	"net/netip"
	"testing"
	"time"

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
