package probe

import (
	"time"

	"golang.org/x/sys/unix"
)

// clock turns the kernel's monotonic time into wall-clock time.
type clock struct {
	offset int64 // wall clock minus monotonic clock, in ns
}

// adjust measures the offset again, because the wall clock is corrected while
// the monotonic clock runs on.
func (c *clock) adjust() {
	const attempts, simultaneous = 4, 20 * time.Microsecond
	var least time.Duration
	for attempt := range attempts {
		var monotonic unix.Timespec
		before := time.Now()
		if unix.ClockGettime(unix.CLOCK_MONOTONIC, &monotonic) != nil {
			return
		}
		// The two readings are not simultaneous: assume the middle. Where much
		// else ran in between, that may be far off.
		took := time.Since(before)
		if attempt == 0 || took < least {
			least, c.offset = took, before.UnixNano()+took.Nanoseconds()/2-monotonic.Nano()
		}
		if took < simultaneous {
			return
		}
	}
}

func (c *clock) wall(monotonic uint64) time.Time {
	return time.Unix(0, int64(monotonic)+c.offset).UTC()
}
