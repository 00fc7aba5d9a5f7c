package text

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
)

// TestDayOfRecording: events show only the time, so those of another day begin with their
// date. Those of today do not.
func TestDayOfRecording(t *testing.T) {
	e := fixture.Events()[0]
	for days, dated := range map[int]bool{0: false, 1: true, 400: true} {
		var out bytes.Buffer
		s := New(&out, Options{Location: time.UTC, Today: e.Time.AddDate(0, 0, days)})
		must(t, s.Event(e))
		must(t, s.Flush(e.Time))
		if got := strings.HasPrefix(out.String(), e.Time.UTC().Format("--- Monday 2006-01-02 ---")); got != dated {
			t.Errorf("%d days later, dated %t:\n%s", days, got, &out)
		}
	}
}
