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
	var monotonic unix.Timespec
	before := time.Now()
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &monotonic) != nil {
		return
	}
	// The two readings are not simultaneous: assume the middle.
	wall := before.UnixNano() + time.Since(before).Nanoseconds()/2
	c.offset = wall - monotonic.Nano()
}

func (c *clock) wall(monotonic uint64) time.Time {
	return time.Unix(0, int64(monotonic)+c.offset).UTC()
}
