package screen

import (
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// Filter chooses events and findings. The zero value chooses all.
type Filter struct {
	Filter  *filter.Filter // nil: all
	Finding uint64         // only what belongs to this one; 0: all
}

// chooses reports whether it hides anything.
func (f Filter) chooses() bool { return f.Finding != 0 || f.Filter.String() != "" }

func (f Filter) event(e *event.Event) bool {
	return (f.Finding == 0 || e.Finding == f.Finding) && f.Filter.Match(e)
}

// findings returns what chooses findings: those of which an event is shown, and those
// whose first event matches. Where one finding is chosen, the others stay: it was chosen
// from them.
func (f Filter) findings(shown []*event.Event) func(*event.Finding) bool {
	if f.Filter.String() == "" {
		return func(*event.Finding) bool { return true }
	}
	ids := make(map[uint64]bool)
	for _, e := range shown {
		ids[e.Finding] = true
	}
	return func(of *event.Finding) bool { return ids[of.ID] || f.Filter.Match(of.FirstEvent()) }
}
