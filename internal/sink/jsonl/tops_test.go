package jsonl

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestTopsGolden(t *testing.T) {
	var out bytes.Buffer
	s := New(&out, Options{})
	totals := fixture.Totals()
	totals.Tops = fixture.Tops()
	must(t, s.Totals(totals))
	must(t, s.Totals(&event.Totals{Time: fixture.Start, Tops: &event.Tops{}}))
	must(t, s.Flush(time.Time{}))
	for line := range bytes.Lines(out.Bytes()) {
		if !json.Valid(line) {
			t.Errorf("no JSON: %s", line)
		}
	}
	checkGolden(t, "tops", out.Bytes())
}
