package text

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// TestStormIsShort: ten thousand equal resets, at whatever rate, are at most 12 lines with
// the finding of the totals. Another kind among them shows with its own event, and not with
// a later one.
func TestStormIsShort(t *testing.T) {
	const resets, odd = 10_000, 5_000
	for name, apart := range map[string]time.Duration{"in 20 ms": 2 * time.Microsecond, "in 2 s": 200 * time.Microsecond, "in 100 s": 10 * time.Millisecond} {
		for _, alone := range []bool{true, false} {
			var out bytes.Buffer
			s := New(&out, Options{Width: 100, Height: 40, Fold: true, Location: time.UTC})
			stage := finding.New(s)
			for i := range resets {
				e := event.Event{
					ID: uint64(i + 1), Time: fixture.Start.Add(time.Duration(i) * apart), Dir: event.Sent, Cause: cause.ClosedPort, Certainty: event.Exact,
					Local: event.Endpoint{Addr: netip.MustParseAddr("10.0.0.5"), Port: 8080},
					Peer:  event.Endpoint{Addr: netip.AddrFrom4([4]byte{10, 0, 1, byte(i)}), Port: uint16(1024 + i)},
				}
				if i == odd && !alone {
					e.Cause, e.Owner, e.Lost.UnreadBytes = cause.UnreadDataOnClose, event.Owner{PID: 7, Comm: "shop", Source: event.FromCurrent}, 90
					e.Conn.Role = event.Server
				}
				must(t, stage.Event(&e))
				must(t, stage.Flush(e.Time))
				if i == odd && !alone && !strings.Contains(out.String(), "shop[7] closed and left 90 bytes") {
					t.Errorf("%s: the other kind is not shown at once:\n%s", name, &out)
				}
			}
			must(t, stage.Totals(&event.Totals{Time: fixture.Start.Add(resets * apart)}))
			must(t, stage.Flush(fixture.Start.Add(resets*apart)))
			before, _, _ := strings.Cut(out.String(), "0 events:")
			if lines := strings.Count(before, "\n"); alone && lines > 12 {
				t.Errorf("%s: %d lines:\n%s", name, lines, before)
			}
		}
	}
}
