package text

import (
	"io"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Options describes where the text goes. The zero value is right for a file.
// Detect fills it in for a terminal.
type Options struct {
	Width  int  // columns of the terminal; 0: none, one event is one line
	Height int  // rows; 0: the remedy is on every event
	Color  bool // ANSI colours
	ASCII  bool // -> and <- for terminals without Unicode
	Fold   bool // findings stand for their events
	// Unfiltered: nobody asked for a filter, so only the default one holds events back.
	Unfiltered bool
	Evidence   bool           // add the raw evidence; unclassified events have it always
	Location   *time.Location // nil: local time
	// Today is any time of the day on which there is no date before the first event. Zero:
	// there never is one.
	Today time.Time
}

// minWidth keeps the layout sane on terminals that report nonsense.
const minWidth = 40

// Sink writes text lines.
type Sink struct {
	options  Options
	out      *sink.Buffer
	style    palette
	glyph    glyphs
	columns  columns
	shown    remedies
	page     page
	findings map[uint64]diagnosis // what was said of each
	programs programs
	alike    alike
	totals   uint64 // findings of these totals so far
	pairs    bool   // a RST had events of both of its ends
	explains bool   // what the number of a namespace is, was said
	day      int    // year and day of the last event, 0 before the first
}

// New returns a Sink that writes to w.
func New(w io.Writer, o Options) *Sink {
	if o.Location == nil {
		o.Location = time.Local
	}
	s := &Sink{day: dayOf(o.Today, o.Location), options: o, out: sink.NewBuffer(w), glyph: unicodeGlyphs}
	if o.Color {
		s.style = ansi
	}
	if o.ASCII {
		s.glyph = asciiGlyphs
	}
	s.Resize(o.Width, o.Height)
	return s
}

// Resize adapts to a new size of the terminal, from the next event on.
func (s *Sink) Resize(width, height int) {
	if width > 0 {
		width = max(width, minWidth)
	}
	s.options.Width, s.options.Height = width, height
	s.page.width = width
	s.columns.limit(width)
}

// unclassified is the cause that fits no row of the catalogue.
const unclassified event.CauseID = cause.Unclassified

// Event writes one event, unless its finding stands for it.
func (s *Sink) Event(e *event.Event) error {
	s.pairs = s.pairs || e.PeerEvent != 0
	if s.options.Fold && e.Cause != unclassified {
		return nil
	}
	p := &s.page
	p.begin(s.out.Open())
	s.newDay(e.Time)
	s.layOut(e)
	return s.out.Commit(p.end())
}

// newDay writes the date between two events of different days, and before the first one of
// a recording of another day: the events
// themselves show only the time.
func (s *Sink) newDay(t time.Time) {
	day := dayOf(t, s.options.Location)
	if s.day != 0 && s.day != day {
		s.page.text(s.style.faint, t.In(s.options.Location).Format("--- Monday 2006-01-02 ---"))
		s.page.newLine(0)
	}
	s.day = day
}

// dayOf is year and day of a time, 0 of none.
func dayOf(t time.Time, in *time.Location) int {
	if t.IsZero() {
		return 0
	}
	t = t.In(in)
	return t.Year()*1000 + t.YearDay()
}

// Coverage writes nothing: what a host sees is for programs, and rsttrace doctor says it to
// people.
func (s *Sink) Coverage(*event.Coverage) error { return nil }

// Loss writes that the details of events were dropped. Nothing is written for
// 0 events.
func (s *Sink) Loss(l *event.Loss) error {
	if l.Events == 0 {
		return nil
	}
	p := &s.page
	p.begin(s.out.Open())
	p.text(s.style.alarm, "LOST")
	p.text("", " details of "+plural(l.Events, "event")+": the totals still count them")
	return s.out.Commit(p.end())
}

// Flush writes what is buffered.
func (s *Sink) Flush(time.Time) error { return s.out.Flush() }
