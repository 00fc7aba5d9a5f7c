package tracing

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Totals are exact: they come from the counters in the kernel. Call it after
// the stream has ended, or at any time for a snapshot.
func (t *Tracer) Totals() (event.Totals, error) {
	totals, err := t.Counted()
	if err != nil {
		return event.Totals{}, err
	}
	t.locations.setClock(time.Now())
	totals.Shown, totals.OwnersNotSought = t.shownIDs.last, t.resolver.NotSearched()
	if sum, known := totals.Events(), totals.Shown+totals.Lost; sum > known {
		totals.NotShown = sum - known
	}
	if t.topRows > 0 {
		tops, err := t.Tops(t.topRows)
		if err != nil {
			return event.Totals{}, err
		}
		totals.Tops = &tops
	}
	return totals, nil
}

// Counted is the part of Totals that comes from the kernel alone: all but Shown,
// NotShown, OwnersNotSought and Tops. Any goroutine may call it, until Close.
func (t *Tracer) Counted() (event.Totals, error) {
	counts, err := t.source.Counts()
	if err != nil {
		return event.Totals{}, err
	}
	totals := event.Totals{
		Time: time.Now().UTC(), Lost: counts.Lost, LostRecords: counts.LostRecords, Missed: counts.Missed, NotCounted: counts.NotCounted,
	}
	position := make(map[event.Count]int)
	for _, count := range counts.ByEvidence {
		if !cause.IsReset(count.Evidence) {
			continue
		}
		verdict := cause.Classify(count.Evidence)
		key := event.Count{Dir: verdict.Dir, Cause: verdict.Cause}
		at, known := position[key]
		if !known {
			at = len(totals.Counts)
			position[key] = at
			totals.Counts = append(totals.Counts, key)
		}
		totals.Counts[at].Events += count.Events
	}
	if counts.Uncounted > 0 {
		totals.Counts = append(totals.Counts, event.Count{Cause: cause.Unclassified, Events: counts.Uncounted})
	}
	return totals, nil
}
