package selftest

import (
	"fmt"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// kernelCounts is what the kernel side counted while a scenario was played, on the
// whole host: where an event is missing it says at which end it was lost.
type kernelCounts struct{ before, after probe.Counts }

func startCounting(s *probe.Session) (kernelCounts, error) {
	before, err := s.Counts()
	return kernelCounts{before: before}, err
}

func (c *kernelCounts) stop(s *probe.Session) (err error) {
	c.after, err = s.Counts()
	return err
}

func (c *kernelCounts) text(expected lab.Expectation) string {
	of := func(counts probe.Counts) (events uint64) {
		for _, count := range counts.ByEvidence {
			if v := cause.Classify(count.Evidence); v.Cause == expected.Cause && v.Dir == expected.Dir && cause.IsReset(count.Evidence) {
				events += count.Events
			}
		}
		return events
	}
	return fmt.Sprintf("meanwhile the kernel side counted %d of them and %d without a cause, lost %d records, and missed %d runs",
		of(c.after)-of(c.before), c.after.Uncounted-c.before.Uncounted, c.after.Lost-c.before.Lost, c.after.Missed-c.before.Missed)
}
