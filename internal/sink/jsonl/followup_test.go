package jsonl

import (
	"bytes"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
)

func TestFollowupGolden(t *testing.T) {
	var out bytes.Buffer
	s := New(&out, Options{})
	for _, f := range fixture.Followups() {
		must(t, s.Followup(f))
	}
	must(t, s.Flush(time.Time{}))
	checkGolden(t, "followups", out.Bytes())
}
