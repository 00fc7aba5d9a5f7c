package finding

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestScanTakesOver: what was said of single places before the scan was known is part of it.
func TestScanTakesOver(t *testing.T) {
	const tried = 20
	c := run(t, times(tried, receivedBy(1, cause.Refused, "nmap"), func(i int, e *event.Event) {
		e.Peer.Addr = netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})
	})...)
	f := c.last(t, scanPlaces)
	got := event.Finding{Pattern: f.Pattern, Resets: f.Resets, First: f.First, Errors: f.Errors, Absorbed: slices.Sorted(slices.Values(f.Absorbed))}
	want := event.Finding{
		Pattern: "many-refuse", Resets: tried, First: start,
		Errors: []event.ErrnoCount{{Errno: "ECONNRESET", Count: tried}}, Absorbed: []uint64{1, 2, 3, 4, 5, 6, 7},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, other := range c.findings {
		if other.Phase == event.FindingTotal && other.ID != f.ID {
			t.Errorf("finding %d is in the totals, too", other.ID)
		}
	}
}

// TestHalvesOfAScan: of a quick scan one end of some resets is missing. They are part of it.
func TestHalvesOfAScan(t *testing.T) {
	var events []event.Event
	for i := range uint64(20) {
		sent, received := pair(sentBy(2*i+1, cause.ClosedPort, ""), receivedBy(2*i+2, cause.Refused, "nmap"))
		for _, e := range []*event.Endpoint{&sent.Local, &received.Peer} {
			e.Port = 1000 + uint16(i)
		}
		switch {
		case i < 10:
			events = append(events, sent, received)
		case i%2 == 0:
			sent.PeerEvent = 0
			events = append(events, sent)
		default:
			received.PeerEvent = 0
			events = append(events, received)
		}
	}
	var total []event.Finding
	for _, f := range run(t, events...).findings {
		if f.Phase == event.FindingTotal {
			total = append(total, f)
		}
	}
	if len(total) != 1 || total[0].Pattern != "port-scan" || total[0].Resets != 20 {
		t.Errorf("%d findings, want one port-scan of 20 resets: %+v", len(total), total)
	}
}
