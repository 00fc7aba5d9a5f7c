package tracing

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestRefusedByWhat: the event of the other end decides what refused a connection,
// whichever of the two comes first, and also if it is not shown.
func TestRefusedByWhat(t *testing.T) {
	byRule := event.Evidence{Hook: event.HookReject, Socket: event.SockNone, Packet: event.SYN, Family: event.IPv4, Chain: event.ChainInput, Facts: event.FactSeesPacket}
	for name, test := range map[string]struct {
		sent     event.Evidence
		received bool // first
		filter   string
		want     string
	}{
		"closed port":              {closedPortEvidence, false, "", ": nothing listens there"},
		"closed port, in reverse":  {closedPortEvidence, true, "", ": nothing listens there"},
		"closed port, not shown":   {closedPortEvidence, false, "comm app", ": nothing listens there"},
		"rule":                     {byRule, false, "", ": a firewall rule on this host refused it"},
		"rule, in reverse":         {byRule, true, "", ": a firewall rule on this host refused it"},
		"rule, decided elsewhere":  {byRule, false, "comm app", ": a firewall rule on this host refused it"},
		"rule, both are processes": {byRule, false, "comm in (app, other)", ": a firewall rule on this host refused it"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sent, refused := resetPair()
				sent.Evidence = test.sent
				refused.Kernel.Current = event.Process{PID: 7, TID: 7, Comm: "app"}
				batch := resets(sent, refused)
				if test.received {
					batch = resets(refused, sent)
				}
				tracer := tracing(newFakeSource(batch), test.filter)
				tracer.endPairs = newEndPairs()
				want := 2
				if test.filter != "" {
					want = 1
				}
				_, events := collect(tracer, want)
				for _, e := range events {
					if e.Dir == event.Received && !strings.HasSuffix(e.Summary, test.want) {
						t.Errorf("%q, want %q at its end", e.Summary, test.want)
					}
				}
				if want == 1 && events[0].Dir != event.Received {
					t.Errorf("%s is shown", events[0].Cause)
				}
			})
		})
	}
}
