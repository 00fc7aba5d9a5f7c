package jsonl

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/audit"
	"github.com/rsttrace/rsttrace/pkg/sink/internal/fixture"
)

func TestAuditGolden(t *testing.T) {
	var out bytes.Buffer
	s := New(&out, Options{})
	must(t, s.Audit(audit.Report{Time: fixture.Start, Elapsed: 10 * time.Second, Namespaces: 1}))
	must(t, s.Audit(audit.Report{
		Time: fixture.Start.Add(time.Minute), Missed: 3,
		Elapsed: 12_345_678 * time.Microsecond, Namespaces: 4, Came: 2, Went: 1, Unreadable: 1,
		Notes: []string{"the counters of /run/netns/\x1b[31mred could not be read"},
		Lines: []audit.Line{
			{Row: audit.Row{Counter: "TcpOutRsts", Kernel: 1204, Events: 1203, Note: "the kernel counted 1 more than there are events"}},
			{Row: audit.Row{Counter: "TCPAbortOnData", Kernel: 5, Events: 4, Perhaps: 2, OK: true, Exact: true, Note: "compared"}},
			{Row: audit.Row{Counter: "TcpEstabResets", Kernel: 1010, Events: 1000, OK: true}, Slack: 20},
		},
	}))
	must(t, s.Flush())
	for _, line := range bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n")) {
		if !json.Valid(line) {
			t.Errorf("not JSON: %s", line)
		}
	}
	checkGolden(t, "audit", out.Bytes())
}
