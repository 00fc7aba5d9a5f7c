package cause

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestClosedPortElsewhere: the sentence names where else a socket listens, and the
// process only if it is known.
func TestClosedPortElsewhere(t *testing.T) {
	at := event.Endpoint{Addr: netip.IPv6Loopback(), Port: 7107}
	for want, elsewhere := range map[string]event.Elsewhere{
		", where nothing listens": {},
		", where nothing listens, but somebody listens on [::1]:7107 of this host":     {Endpoint: at},
		", where nothing listens, but python3[123] listens on [::1]:7107 of this host": {Endpoint: at, PID: 123, Comm: "python3"},
	} {
		e := event.Event{
			Evidence:  event.Evidence{Hook: event.HookSendReply, Socket: event.SockNone, Packet: event.SYN, Facts: event.FactSeesPacket},
			Elsewhere: elsewhere,
		}
		Explain(&e)
		if e.Cause != ClosedPort || !strings.HasSuffix(e.Summary, want) {
			t.Errorf("%s: %q, want %q at its end", e.Cause, e.Summary, want)
		}
	}
}
