package text

import (
	"bytes"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
)

func TestFollowupGolden(t *testing.T) {
	for name, o := range map[string]Options{
		"followup-file":       {},
		"followup-80-columns": {Width: 80, Height: 40, Color: true},
		"followup-ascii":      {Width: 120, ASCII: true},
	} {
		t.Run(name, func(t *testing.T) {
			o.Location = time.UTC
			var out bytes.Buffer
			s := New(&out, o)
			must(t, s.Event(fixture.Events()[2]))
			for _, f := range fixture.Followups() {
				must(t, s.Followup(f))
			}
			must(t, s.Flush(time.Time{}))
			checkGolden(t, name, out.Bytes())
		})
	}
}

func TestDelay(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                       "0 µs",
		999 * time.Microsecond:  "999 µs",
		time.Millisecond:        "1 ms",
		999 * time.Millisecond:  "999 ms",
		time.Second:             "1.0 s",
		4321 * time.Millisecond: "4.3 s",
	} {
		if got := New(discard{}, Options{}).delay(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
