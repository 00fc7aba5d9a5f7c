package text

import (
	"bytes"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/audit"
	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestAuditGolden writes every kind of line.
func TestAuditGolden(t *testing.T) {
	for name, o := range map[string]Options{
		"audit-file":       {},
		"audit-80-columns": {Width: 80},
		"audit-color":      {Width: 120, Height: 40, Color: true},
	} {
		t.Run(name, func(t *testing.T) {
			o.Location = time.UTC
			var out bytes.Buffer
			s := New(&out, o)
			must(t, s.Audit(&event.Audit{Elapsed: 10 * time.Second, Namespaces: 1}))
			must(t, s.Event(fixture.Events()[0]))
			must(t, s.Audit(auditReport()))
			must(t, s.Totals(fixture.Totals()))
			must(t, s.Flush(time.Time{}))
			checkGolden(t, name, out.Bytes())
		})
	}
}

func auditReport() *event.Audit {
	line := func(counter string, kernel, events, perhaps, slack uint64, ok, exact bool, note string) event.AuditCounter {
		return event.AuditCounter{Name: counter, Kernel: kernel, Counted: events, MayCount: perhaps, Slack: slack, OK: ok, Exact: exact, Note: note}
	}
	return &event.Audit{
		Elapsed: 12_345 * time.Millisecond, Namespaces: 4, Came: 2, Went: 1,
		Notes: []string{
			"2 namespaces came and are counted from 0, 1 namespace went: what it counted after the last reading is missing",
			"the counters of /run/netns/\x1b[31mred could not be read",
		},
		Counters: []event.AuditCounter{
			line("TcpOutRsts", 1204, 1204, 0, 0, true, true, "every RST that TCP decided to send"),
			line("TCPAbortOnClose", 3, 4, 0, 0, false, false, "1 event more than the kernel's counters have; a namespace that went took its last counts with it"),
			line("TCPAbortOnData", 5, 4, 2, 0, true, true, "SO_LINGER 0 closes and data after close"),
			line("TCPAbortOnLinger", 0, 0, 0, 0, true, true, "nothing moved"),
			line("TCPAbortOnTimeout", 12, 4, 0, 0, true, false, "only the keep-alive timer sends a RST; the rest: retransmission timeouts, which send no RST"),
			line("EmbryonicRsts", 12, 4, 0, 0, true, false, "not comparable: what an incoming RST did to a handshake under way is not known"),
			line("TcpEstabResets", 1010, 1000, 0, 20, true, false, "resets came while the counters were read, so there are bounds only"),
			line("TCPAbortFailed", 2, 0, 0, 0, true, true, "resets that were counted as sent and never left this machine"),
		},
	}
}

// TestAuditWords: each counter that is compared has a word.
func TestAuditWords(t *testing.T) {
	for _, equation := range audit.Equations {
		if auditUnit(equation.Counter) == "events" {
			t.Errorf("no word for %s", equation.Counter)
		}
	}
}
