package recording

import (
	"slices"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Knowledge is what a recording says about one cause.
type Knowledge struct {
	Exact, Likely bool     // it was reported, with this certainty
	Limits        []string // ids of the limits by which it was not, although it happened
	Absent        bool     // a scenario is about it, and there is neither
}

// Reached reports whether some event had the cause.
func (k Knowledge) Reached() bool { return k.Exact || k.Likely }

// Coverage sums up what all scenarios tell about each cause. A cause that none
// of them provoked is not in it.
func (r *Recording) Coverage() map[event.CauseID]Knowledge {
	coverage := make(map[event.CauseID]Knowledge)
	learn := func(id event.CauseID, add func(*Knowledge)) {
		k := coverage[id]
		add(&k)
		coverage[id] = k
	}
	verdicts := r.verdicts()
	for i := range r.Scenarios {
		s := &r.Scenarios[i]
		for _, n := range s.Namespaces {
			for _, e := range n.Events {
				v := verdicts[e.Evidence]
				learn(v.Cause, func(k *Knowledge) { k.reached(v.Certainty) })
				if e.Expected != v.Cause {
					learn(e.Expected, func(k *Knowledge) { k.limited(e.Limit) })
				}
			}
			for _, h := range n.Hidden {
				learn(h.Cause, func(k *Knowledge) { k.limited(h.Limit) })
			}
		}
		for _, id := range s.absent(verdicts) {
			learn(id, func(k *Knowledge) { k.Absent = true })
		}
	}
	return coverage
}

func (k *Knowledge) reached(certainty event.Certainty) {
	k.Exact = k.Exact || certainty == event.Exact
	k.Likely = k.Likely || certainty == event.Likely
}

// limited: what no limit excuses is absent.
func (k *Knowledge) limited(limit string) {
	if limit == "" {
		k.Absent = true
	} else if at, found := slices.BinarySearch(k.Limits, limit); !found {
		k.Limits = slices.Insert(k.Limits, at, limit)
	}
}

func (r *Recording) verdicts() map[string]Verdict {
	verdicts := make(map[string]Verdict, len(r.Evidence))
	for _, v := range r.Evidence {
		verdicts[v.ID] = v
	}
	return verdicts
}

// absent lists the causes that the scenario is about and for which there is
// neither an event nor a limit.
func (s *Scenario) absent(verdicts map[string]Verdict) (absent []event.CauseID) {
	if s.Skipped != "" || s.KernelDeviates != "" {
		return nil
	}
	there := make(map[event.CauseID]bool)
	for _, n := range s.Namespaces {
		for _, e := range n.Events {
			there[e.Expected], there[verdicts[e.Evidence].Cause] = true, true
		}
		for _, h := range n.Hidden {
			there[h.Cause] = true
		}
	}
	for _, id := range s.Causes {
		if !there[id] {
			absent = append(absent, id)
		}
	}
	return absent
}
