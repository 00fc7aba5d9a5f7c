package tracing

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestClockSetBack: an event that waits while somebody sets the clock back by an hour does
// not wait for an hour, and those behind it neither.
func TestClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent, _ := resetPair()
		sent.Time = time.Now().Add(time.Hour)
		behind := closedPort(81)
		behind.Time = time.Now()
		tracer := tracing(newFakeSource(resets(sent, behind)), "")
		tracer.endPairs = newEndPairs()
		shown, events := collect(tracer, 2)
		if len(events) != 2 {
			t.Fatalf("%d events, want 2", len(events))
		}
		if last := shown[len(shown)-1]; last.after > time.Second {
			t.Errorf("the last one came after %s", last.after)
		}
	})
}
