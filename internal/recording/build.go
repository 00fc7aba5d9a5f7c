package recording

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/rsttrace/rsttrace/internal/audit"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Observed is a scenario's outcome, as the selftest has it.
type Observed struct {
	Scenario   Scenario // without Namespaces
	Namespaces []ObservedNamespace
}

// ObservedNamespace is what happened in one of its namespaces.
type ObservedNamespace struct {
	Name              string
	Matched           []Match
	Hidden            []Hidden
	Growth            audit.Snapshot // of all counters that the kernel has
	CounterExceptions map[string]int
}

// Match is an event and the cause that was due.
type Match struct {
	Expected event.CauseID
	Limit    string // by which the event's cause is another
	Event    *event.Event
}

// New puts what was observed into the form that is kept. header has everything
// but Format, Schema, Counters, Evidence and Scenarios. The error is about
// evidence that was given two verdicts.
func New(header Recording, observed []Observed) (*Recording, error) {
	r := header
	r.Format, r.Schema = Format, event.SchemaVersion
	r.Limits = slices.Sorted(slices.Values(r.Limits))
	verdicts := make(map[string]Verdict)
	have := make(map[string]bool)
	for _, o := range observed {
		s := o.Scenario
		for _, n := range o.Namespaces {
			kept, err := keep(n, verdicts, have)
			if err != nil {
				return nil, fmt.Errorf("%s over %s: %w", s.Name, s.Family, err)
			}
			if !kept.empty() {
				s.Namespaces = append(s.Namespaces, kept)
			}
		}
		slices.SortFunc(s.Namespaces, func(a, b Namespace) int { return cmp.Compare(a.Name, b.Name) })
		r.Scenarios = append(r.Scenarios, s)
	}
	slices.SortFunc(r.Scenarios, func(a, b Scenario) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Family, b.Family))
	})
	r.Counters = slices.Sorted(maps.Keys(have))
	r.Evidence = slices.SortedFunc(maps.Values(verdicts), func(a, b Verdict) int {
		return cmp.Or(cmp.Compare(a.Dir, b.Dir), cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.ID, b.ID))
	})
	return &r, nil
}

// keep reduces a namespace and adds its evidence and the counters it has.
func keep(n ObservedNamespace, verdicts map[string]Verdict, have map[string]bool) (Namespace, error) {
	kept := Namespace{Name: n.Name, Hidden: fold(n.Hidden, hiddenTimes), Growth: make(map[string]uint64), CounterExceptions: n.CounterExceptions}
	for _, m := range n.Matched {
		v := verdictOf(m.Event)
		if before, ok := verdicts[v.ID]; ok && before != v {
			return kept, fmt.Errorf("one kind of evidence has two verdicts: %+v and %+v", before, v)
		}
		verdicts[v.ID] = v
		kept.Events = append(kept.Events, Event{Expected: m.Expected, Evidence: v.ID, State: m.Event.State, Limit: m.Limit})
	}
	kept.Events = fold(kept.Events, eventTimes)
	for _, counter := range audited() {
		grown, ok := n.Growth[counter]
		if ok {
			have[counter] = true
		}
		if grown > 0 {
			kept.Growth[counter] = grown
		}
	}
	return kept, nil
}

func (n *Namespace) empty() bool {
	return len(n.Events) == 0 && len(n.Hidden) == 0 && len(n.Growth) == 0 && len(n.CounterExceptions) == 0
}

func eventTimes(e *Event) *int   { return &e.Times }
func hiddenTimes(h *Hidden) *int { return &h.Times }

// fold sorts and turns equals into one with a number.
func fold[T comparable](list []T, times func(*T) *int) []T {
	count := make(map[T]int)
	for _, item := range list {
		count[item]++
	}
	folded := slices.SortedFunc(maps.Keys(count), func(a, b T) int {
		return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	for i := range folded {
		if n := count[folded[i]]; n > 1 {
			*times(&folded[i]) = n
		}
	}
	return folded
}

func verdictOf(e *event.Event) Verdict {
	return Verdict{ID: idOf(e.Evidence), Dir: e.Dir, Cause: e.Cause, Certainty: e.Certainty, Evidence: e.Evidence}
}

// idOf is made from the content, so that new evidence does not rename old one.
func idOf(e event.Evidence) string {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // names of enums: nothing there can fail
	}
	const digits = 8
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:digits]
}

// audited are the counters that can be held against events.
func audited() []string {
	names := []string{"TCPAbortFailed"}
	for _, equation := range audit.Equations {
		names = append(names, equation.Counter)
	}
	return names
}
