package jsonl

import (
	"testing"
	"time"
)

// TestMoments: what is kept of the last second is not written for another.
func TestMoments(t *testing.T) {
	var m moments
	start := time.Date(2026, 3, 4, 5, 6, 58, 0, time.UTC)
	for _, after := range []time.Duration{
		0, 1, 999_999_999, time.Second, time.Second + 20, 0, time.Minute, -start.Sub(time.Unix(0, 0)), 24 * time.Hour,
	} {
		moment := start.Add(after).In(time.FixedZone("", 5400))
		want := `"time":"` + moment.UTC().Format("2006-01-02T15:04:05.000000000Z") + `",`
		if got := string(m.append(nil, `"time":`, moment)); got != want {
			t.Errorf("%v: %s, want %s", moment, got, want)
		}
	}
	var fresh moments
	if got := string(fresh.append(nil, "", time.Unix(0, 7))); got != `"1970-01-01T00:00:00.000000007Z",` {
		t.Errorf("the first second of all: %s", got)
	}
}
