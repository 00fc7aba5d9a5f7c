package jsonl

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestAuditGolden(t *testing.T) {
	var out bytes.Buffer
	s := New(&out, Options{})
	must(t, s.Audit(&event.Audit{Time: fixture.Start, Elapsed: 10 * time.Second, Namespaces: 1, OK: true}))
	must(t, s.Audit(&event.Audit{
		Time: fixture.Start.Add(time.Minute), Missed: 3,
		Elapsed: 12_345_678 * time.Microsecond, Namespaces: 4, Came: 2, Went: 1, Unreadable: 1,
		Notes: []string{"the counters of /run/netns/\x1b[31mred could not be read"},
		Counters: []event.AuditCounter{
			{Name: "TcpOutRsts", Kernel: 1204, Counted: 1203, Note: "the kernel counted 1 more than there are events"},
			{Name: "TCPAbortOnData", Kernel: 5, Counted: 4, MayCount: 2, OK: true, Exact: true, Note: "compared"},
			{Name: "TcpEstabResets", Kernel: 1010, Counted: 1000, OK: true, Slack: 20, Uncompared: true},
		},
	}))
	must(t, s.Flush(time.Time{}))
	for _, line := range bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n")) {
		if !json.Valid(line) {
			t.Errorf("not JSON: %s", line)
		}
	}
	checkGolden(t, "audit", out.Bytes())
}
