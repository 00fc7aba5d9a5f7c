package probe

import (
	"math/bits"
	"time"

	"golang.org/x/sys/unix"
)

// jiffyLength is what the kernel's coarse clocks go by. It is the same for all
// of them, and nothing else tells it on every kernel.
func jiffyLength() time.Duration {
	var resolution unix.Timespec
	if unix.ClockGetres(unix.CLOCK_MONOTONIC_COARSE, &resolution) != nil {
		return 4 * time.Millisecond // Linux has had this clock since 2.6.32
	}
	return time.Duration(resolution.Nano())
}

// windowShift is for how many jiffies, as a power of two, a budget of details
// is: for an eighth to a quarter of a second.
func windowShift(jiffy time.Duration) uint32 {
	const least = time.Second / 8
	return uint32(bits.Len64(uint64(least / jiffy)))
}

// clock turns the kernel's monotonic time into wall-clock time.
type clock struct {
	offset int64         // wall clock minus monotonic clock, in ns
	jiffy  time.Duration // by which the kernel side counts what need not be exact
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
