package view

import (
	"slices"
	"strconv"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/screen"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// part is a part of the screen that keys are about.
type part int

const (
	causesPart part = iota
	findingsPart
	eventsPart
	detailPart
	parts
)

// State is the screen, and where the person is in it. Use New.
type State struct {
	theme    Theme
	location *time.Location
	title    string // the host, or the file

	width, height int
	shot          *screen.Snapshot // what is shown
	latest        *screen.Snapshot // the same, unless frozen
	playback      *Playback        // nil: it is live

	causes   table[screen.Cause]
	findings table[screen.Finding]
	events   table[*event.Event]
	marks    map[uint64]*event.Event

	focus  part
	before part // the part whose row the detail is of
	zoomed bool
	frozen bool

	// awaitsNext: go to the next event as soon as it has been read.
	awaitsNext bool
	opened     bool // the detail has the whole screen, where there is no room beside the tables
	detail     detail

	overlay overlay // nil: none
	prompt  *prompt // nil: nothing is typed into a line
	message string  // what became of the last key
	step    int     // of time, see steps

	requests []Request
}

// New returns the screen of a host or a file.
func New(title string, theme Theme, location *time.Location) *State {
	s := &State{
		title: title, theme: theme, location: location, width: 80, height: 24,
		causes: newCauses(), findings: newFindings(), events: newEvents(),
		marks: make(map[uint64]*event.Event), focus: findingsPart, before: findingsPart, step: stepAtFirst,
	}
	s.events.marked = func(e *event.Event) bool { return s.marks[e.ID] != nil }
	s.Show(&screen.Snapshot{})
	return s
}

// Resize takes the size of the terminal.
func (s *State) Resize(width, height int) { s.width, s.height = width, height }

// Show takes what is known now. A frozen screen keeps its lists.
func (s *State) Show(shot *screen.Snapshot) {
	s.latest = shot
	if s.frozen {
		return
	}
	s.shot = shot
	s.causes.set(slices.Clone(shot.Causes))
	s.findings.set(slices.Clone(shot.Findings))
	newest := slices.Clone(shot.Events)
	slices.Reverse(newest)
	s.events.set(newest)
}

// ShowPlayback takes how far a recording is, and returns what a key has asked for before
// that was known.
func (s *State) ShowPlayback(p Playback) []Request {
	s.playback = &p
	if !s.awaitsNext || p.Reading && p.Next.IsZero() {
		return nil
	}
	s.requests, s.message = nil, ""
	s.nextEvent()
	return s.requests
}

// Say shows a sentence in the last line until the next key.
func (s *State) Say(text string) { s.message = text }

// Paste inserts a text where one is typed.
func (s *State) Paste(text string) {
	if s.prompt != nil {
		s.prompt.insert(text)
	}
}

// Press does what a key does, and returns what that asks for.
func (s *State) Press(k Key) []Request {
	s.requests, s.message, s.awaitsNext = nil, "", false
	switch {
	case k.Name == "ctrl+c" || k.Name == "ctrl+z":
		s.act(k)
	case s.prompt != nil:
		s.prompt.press(s, k)
	case s.overlay != nil:
		s.overlay.press(s, k)
	default:
		s.act(k)
	}
	return s.requests
}

// act does what the key map says.
func (s *State) act(k Key) {
	for _, g := range keyMap() {
		for _, b := range g.bindings {
			if slices.Contains(b.keys, k.Name) && (b.when == nil || b.when(s)) {
				b.do(s)
				return
			}
		}
	}
	if k.Text != "" {
		s.message = "no key of this screen: " + k.Text + "; ? lists the keys"
	}
}

func (s *State) request(r Request) { s.requests = append(s.requests, r) }

// rows is what keys do with any table.
type rows interface {
	move(n int)
	len() int
	nextOrder() string
	columnNames() (names []string, shown []bool)
	toggle(column int)
	draw(s *State, width, height int, focused bool) []string
}

// table is the table of a part, nil of the detail.
func (s *State) table(p part) rows {
	switch p {
	case causesPart:
		return &s.causes
	case findingsPart:
		return &s.findings
	case eventsPart:
		return &s.events
	}
	return nil
}

func (s *State) move(n int) {
	if t := s.table(s.focus); t != nil {
		t.move(n)
		return
	}
	s.detail.scroll(n)
}

// page is how many rows of the focused part are seen.
func (s *State) page() int {
	l := s.layout()
	return max(1, l.height(s.focus)-2)
}

func (s *State) focusNext(by int) {
	last := parts
	if !s.opened && !s.layout().beside {
		last = detailPart // which is not seen
	}
	s.setFocus((s.focus + part(by) + last) % last)
	s.opened = s.opened && s.focus == detailPart
}

func (s *State) setFocus(p part) {
	if p != detailPart {
		s.before = p
	}
	s.focus = p
}

func (s *State) open() {
	if s.focus == detailPart {
		return
	}
	s.setFocus(detailPart)
	s.opened = true
}

// back undoes one thing: what is open, what is zoomed, what is hidden.
func (s *State) back() {
	switch {
	case s.focus == detailPart:
		s.focus, s.opened = s.before, false
	case s.zoomed:
		s.zoomed = false
	case s.latest.Filter.Finding != 0:
		s.request(Show{screen.Filter{Filter: s.latest.Filter.Filter}})
	case s.latest.Filter.Filter.String() != "":
		s.request(Show{})
	}
}

func (s *State) freeze() {
	s.frozen = !s.frozen
	s.Show(s.latest)
}

func (s *State) sort() {
	if t := s.table(s.before); t != nil {
		s.message = "sorted by " + t.nextOrder()
		s.thaw()
	}
}

// thaw shows the lists of the moment that is shown anew.
func (s *State) thaw() {
	latest, frozen := s.latest, s.frozen
	s.frozen = false
	s.Show(s.shot)
	s.latest, s.frozen = latest, frozen
}

// otherEnd goes to the event of the other end of the chosen one.
func (s *State) otherEnd() {
	e := s.chosenEvent()
	if e == nil {
		s.message = "choose an event first"
		return
	}
	other := s.findOther(e)
	switch {
	case other == nil && e.PeerEvent == 0:
		s.message = "no event of the other end: it is on another host, or hidden"
	case other == nil:
		s.message = "event #" + strconv.FormatUint(e.PeerEvent, 10) + " is not in the list any more"
	default:
		s.events.pick(s.events.key(other))
		s.before = eventsPart
		if s.focus != detailPart {
			s.focus = eventsPart
		}
	}
}

// findOther finds the event that an event names, or that names it.
func (s *State) findOther(e *event.Event) *event.Event {
	for _, other := range s.events.rows {
		if other.ID == e.PeerEvent && e.PeerEvent != 0 || other.PeerEvent == e.ID && e.ID != 0 {
			return other
		}
	}
	return nil
}

// chosenEvent is the event that the detail is of, nil if it is of something else.
func (s *State) chosenEvent() *event.Event {
	if s.before != eventsPart {
		return nil
	}
	e, _ := s.events.current()
	return e
}

func (s *State) mark() {
	e := s.chosenEvent()
	switch {
	case e == nil:
		s.message = "only events can be marked"
	case s.marks[e.ID] != nil:
		delete(s.marks, e.ID)
	case len(s.marks) >= screen.EventsMax:
		s.message = "so many events are marked that no more can be"
	default:
		s.marks[e.ID] = e
		s.events.move(1)
	}
}
