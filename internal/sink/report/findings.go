package report

import (
	"cmp"
	"slices"

	"github.com/rsttrace/rsttrace/internal/timeline"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// findingsMax bounds the memory. Beyond it, those that matter least are only counted.
const findingsMax = 10_000

// findings keeps the newest form of each finding.
type findings struct {
	byID   map[uint64]*incident
	into   map[uint64]uint64 // findings that became part of another one
	when   timeline.Timeline // by number of the incident
	free   []int             // numbers of incidents that were forgotten
	forgot uint64            // findings that found no room
	deaths uint64            // processes that SIGPIPE ended
}

// incident is a finding, and what the page knows beside it.
type incident struct {
	event.Finding
	number int    // in the timeline
	deaths uint64 // processes that SIGPIPE ended
}

// seen counts an event of a finding. It comes before the finding itself.
func (f *findings) seen(e *event.Event) {
	if i := f.open(e.Finding); i != nil {
		f.when.Add(i.number, e.Time)
	}
}

// open returns the incident of a finding, nil for number 0.
func (f *findings) open(id uint64) *incident {
	if into, known := f.into[id]; known {
		id = into
	}
	if i := f.byID[id]; i != nil || id == 0 {
		return i
	}
	if f.byID == nil {
		f.byID, f.into = make(map[uint64]*incident), make(map[uint64]uint64)
	}
	if len(f.byID) >= findingsMax {
		f.shrink()
	}
	i := &incident{number: len(f.byID)}
	if last := len(f.free) - 1; last >= 0 {
		i.number, f.free = f.free[last], f.free[:last]
	}
	f.byID[id] = i
	return i
}

// shrink forgets the half that matters least. Findings that were not reported yet stay.
func (f *findings) shrink() {
	all := f.ranked()
	for _, i := range all[min(findingsMax/2, len(all)):] {
		f.forgot++
		f.remove(i.ID)
	}
}

func (f *findings) remove(id uint64) {
	i := f.byID[id]
	if i.number < len(f.when.Rows) {
		f.when.Rows[i.number] = nil
	}
	f.free = append(f.free, i.number)
	delete(f.byID, id)
}

func (f *findings) take(found *event.Finding) {
	i := f.open(found.ID)
	if i == nil {
		return
	}
	i.Finding = cloned(found)
	for _, id := range found.Absorbed {
		if old := f.byID[id]; old != nil && id != found.ID {
			f.when.Merge(old.number, i.number)
			i.deaths += old.deaths
			f.remove(id)
			if len(f.into) < findingsMax {
				f.into[id] = found.ID
			}
		}
	}
}

// cloned is a finding that stays what it is when the stream goes on.
func cloned(f *event.Finding) event.Finding {
	c := *f.Clone()
	c.Absorbed = nil
	return c
}

func (f *findings) followup(u *event.Followup) {
	if u.Kind != event.GotSIGPIPE || !u.Ended {
		return
	}
	f.deaths++
	if i := f.open(u.Finding); i != nil {
		i.deaths++
	}
}

// ranked lists the findings: what hurts before what does not, then by how often.
func (f *findings) ranked() []*incident {
	all := make([]*incident, 0, len(f.byID))
	for _, i := range f.byID {
		if i.ID != 0 && i.Resets > 0 {
			all = append(all, i)
		}
	}
	slices.SortFunc(all, func(a, b *incident) int {
		return cmp.Or(
			cmp.Compare(b.weight(), a.weight()),
			cmp.Compare(b.Resets, a.Resets),
			cmp.Compare(a.ID, b.ID),
		)
	})
	return all
}

// Weights of incidents.
const (
	noHarm = iota
	noLoss // nobody is known to have lost something or got an error
	hurts
	deadly
)

func (i *incident) weight() int {
	ended := &i.Actor.Owner.Ended
	switch {
	case i.Harmless:
		return noHarm
	case i.deaths > 0, ended.Signal != "", ended.ExitCode != nil && *ended.ExitCode != 0:
		return deadly
	case len(i.Errors) > 0, i.undelivered() > 0:
		return hurts
	default:
		return noLoss
	}
}

// undelivered is how many bytes the side that sent them lost.
func (i *incident) undelivered() uint64 {
	return uint64(i.Lost.UnsentBytes) + uint64(i.Lost.UnackedBytes)
}
