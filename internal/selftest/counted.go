package selftest

import (
	"fmt"
	"maps"
	"slices"

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
	grown := c.grown()
	of := string(expected.Dir) + " " + string(expected.Cause)
	text := fmt.Sprintf("meanwhile the kernel side counted %d of them and %d without a cause, lost %d records, and missed %d runs",
		grown[of], c.after.Uncounted-c.before.Uncounted, c.after.Lost-c.before.Lost, c.after.Missed-c.before.Missed)
	delete(grown, of)
	for _, other := range slices.Sorted(maps.Keys(grown)) {
		text += fmt.Sprintf("; it counted %d of %s", grown[other], other)
	}
	return text
}

// grown is how many events of each direction and cause were counted meanwhile.
func (c *kernelCounts) grown() map[string]uint64 {
	grown := make(map[string]uint64)
	add := func(counts probe.Counts, sign uint64) {
		for _, count := range counts.ByEvidence {
			if v := cause.Classify(count.Evidence); cause.IsReset(count.Evidence) {
				grown[string(v.Dir)+" "+string(v.Cause)] += sign * count.Events
			}
		}
	}
	add(c.after, 1)
	add(c.before, ^uint64(0)) // takes away
	maps.DeleteFunc(grown, func(_ string, events uint64) bool { return events == 0 })
	return grown
}
