// Package cputime tells benchmarks how much processor time an operation takes. Unlike the time
// of a clock, it does not grow where other programs want the processor, too.
package cputime

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Report adds "cpu-ns/op" to the results of a benchmark: call it before the loop, and what it
// returns after it.
func Report(b *testing.B) (done func()) {
	b.Helper()
	began := used(b)
	return func() {
		b.ReportMetric(float64(used(b)-began)/float64(b.N), "cpu-ns/op")
	}
}

func used(b *testing.B) time.Duration {
	b.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &now); err != nil {
		b.Fatal(err)
	}
	return time.Duration(now.Nano())
}
