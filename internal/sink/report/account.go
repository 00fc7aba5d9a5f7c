package report

import (
	"cmp"
	"slices"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// auditsMax bounds how many audits are on the page, beside those that are only counted.
const auditsMax = 12

// account is what the kernel side counted, and how far it agrees with the kernel's own
// counters.
type account struct {
	lost     uint64 // events whose details are missing, as they were reported
	runs     int    // with totals
	sum      event.Totals
	last     event.Totals // of the current run
	has      bool
	audits   []event.Audit // the longest ones, and those with a contradiction
	compared int           // how many there were
	wrong    int           // of which contradict the events
	// uncompared are counters that could not be compared in full, of all audits.
	uncompared uint64
}

// totals takes the totals of the current run: those before are part of them.
func (a *account) totals(t *event.Totals) {
	if a.has && t.Events() < a.last.Events() {
		a.newRun()
	}
	a.last, a.has = *t, true
	a.last.Counts = slices.Clone(t.Counts)
	a.last.NotCounted = slices.Clone(t.NotCounted)
	a.last.Tops = nil
}

// newRun adds the totals of the run that ended.
func (a *account) newRun() {
	if !a.has {
		return
	}
	a.runs++
	a.has = false
	t := &a.last
	a.sum.Time = t.Time
	a.sum.Shown += t.Shown
	a.sum.NotShown += t.NotShown
	a.sum.Lost += t.Lost
	a.sum.Missed += t.Missed
	a.sum.OwnersNotSought += t.OwnersNotSought
	a.sum.LostRecords.Add(&t.LostRecords)
	for _, reason := range t.NotCounted {
		if !slices.Contains(a.sum.NotCounted, reason) && len(a.sum.NotCounted) < namesMax {
			a.sum.NotCounted = append(a.sum.NotCounted, clip(reason))
		}
	}
	for _, c := range t.Counts {
		a.addCount(c)
	}
}

func (a *account) addCount(c event.Count) {
	c.Dir, c.Cause = event.Dir(clip(string(c.Dir))), event.CauseID(clip(string(c.Cause)))
	at := slices.IndexFunc(a.sum.Counts, func(o event.Count) bool { return o.Dir == c.Dir && o.Cause == c.Cause })
	switch {
	case at >= 0:
		a.sum.Counts[at].Events += c.Events
	case len(a.sum.Counts) < 3*namesMax:
		a.sum.Counts = append(a.sum.Counts, c)
	}
}

func (a *account) audit(t *event.Audit) {
	a.compared++
	if !t.OK {
		a.wrong++
	}
	for i := range t.Counters {
		if t.Counters[i].Uncompared {
			a.uncompared++
		}
	}
	kept := *t
	kept.Counters, kept.Notes = slices.Clone(t.Counters), slices.Clone(t.Notes)
	a.audits = append(a.audits, kept)
	slices.SortStableFunc(a.audits, func(x, y event.Audit) int {
		return cmp.Or(cmp.Compare(wrongFirst(x), wrongFirst(y)), cmp.Compare(y.Elapsed, x.Elapsed))
	})
	a.audits = a.audits[:min(len(a.audits), auditsMax)]
}

func wrongFirst(a event.Audit) int {
	if a.OK {
		return 1
	}
	return 0
}
