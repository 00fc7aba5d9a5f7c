package probe

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestClock(t *testing.T) {
	c := clock{offset: 1_700_000_000_000_000_000}
	want := time.Unix(1_700_000_005, 7).UTC()
	if got := c.wall(5_000_000_007); !got.Equal(want) || got.Location() != time.UTC {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestClockAdjust brackets a kernel time between two wall-clock readings.
func TestClockAdjust(t *testing.T) {
	var c clock
	before := time.Now()
	var monotonic unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &monotonic); err != nil {
		t.Fatal(err)
	}
	after := time.Now()
	c.adjust()
	// Both readings of adjust may be torn apart by the scheduler.
	const slack = 50 * time.Millisecond
	got := c.wall(uint64(monotonic.Nano()))
	if got.Before(before.Add(-slack)) || got.After(after.Add(slack)) {
		t.Errorf("%s is not between %s and %s", got, before, after)
	}
}
