package filter

import "github.com/rsttrace/rsttrace/pkg/event"

// rememberedMax is of how many events that were shown the follow-ups are known.
// They come within seconds.
const rememberedMax = 1 << 16

// Stage returns a sink that gives another one the events that f matches, and what
// follows from them. Totals, losses and audits pass: they are those of the whole
// host, but what f hides counts as not shown. A Coverage says that there is a filter. It is for recordings, whose events are complete.
func (f *Filter) Stage(to event.Sink) event.Sink {
	if f.matchesAll() {
		return to
	}
	return &stage{Sink: to, filter: f, shown: make(map[uint64]bool)}
}

type stage struct {
	event.Sink
	filter *Filter
	shown  map[uint64]bool // by number of the event
	order  []uint64        // the numbers in shown, a ring once it is full
	oldest int
	hidden uint64 // events of this run so far
	inRun  bool   // of a tracer, whose totals grow; those of a capture are of one file
}

func (s *stage) Event(e *event.Event) error {
	if !s.filter.Match(e) {
		delete(s.shown, e.ID) // of an earlier recording
		s.hidden++
		return nil
	}
	s.remember(e.ID)
	return s.Sink.Event(e)
}

func (s *stage) remember(id uint64) {
	if s.shown[id] {
		return
	}
	s.shown[id] = true
	if len(s.order) < rememberedMax {
		s.order = append(s.order, id)
		return
	}
	delete(s.shown, s.order[s.oldest])
	s.order[s.oldest] = id
	s.oldest = (s.oldest + 1) % rememberedMax
}

// Totals say that what is hidden here is not shown.
func (s *stage) Totals(t *event.Totals) error {
	fewer := *t
	hidden := min(s.hidden, t.Shown)
	fewer.Shown, fewer.NotShown = t.Shown-hidden, t.NotShown+hidden
	if !s.inRun {
		s.hidden = 0
	}
	return s.Sink.Totals(&fewer)
}

// Coverage says that there is a filter.
func (s *stage) Coverage(c *event.Coverage) error {
	s.inRun = true
	if c.Phase == event.CoverageBegins {
		s.hidden = 0
	}
	return s.Sink.Coverage(c.Hides(s.filter.String()))
}

func (s *stage) Followup(f *event.Followup) error {
	if !s.shown[f.Event] {
		return nil
	}
	return s.Sink.Followup(f)
}
