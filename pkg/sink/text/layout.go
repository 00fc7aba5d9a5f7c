package text

import (
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// layOut writes one event on as few lines as its parts need: the head (who and
// why in one glance), the story (summary and reasons), the remedy.
func (s *Sink) layOut(e *event.Event) {
	p := &s.page
	h := s.head(e)
	natural := h.natural()
	aligned := s.columns.aligned(natural)
	story := storyText(e, s.options.Evidence || e.Cause == unclassified)
	remedy := clean(e.Remedy)
	if !s.shown.due(remedy, p.lines, s.options.Height) {
		remedy = ""
	}
	body := cells(story) + s.remedyCells(remedy)

	switch headCells := s.ends(aligned) + gap + aligned.facts(); {
	case p.fits(headCells + gap + body):
		s.writeHead(&h, aligned)
		p.space(gap)
		s.writeBody(story, remedy, 0)
		return
	case p.fits(headCells):
		s.writeHead(&h, aligned)
	default:
		s.wrapHead(&h, natural)
	}
	indent := s.indent()
	p.newLine(indent)
	s.writeBody(story, remedy, indent)
}

// indent keeps the time column free where the terminal is wide enough.
func (s *Sink) indent() int {
	if s.page.width < 100 {
		return 4
	}
	return dirColumn
}

func (s *Sink) writeHead(h *head, w widths) {
	s.writeEnds(h, w)
	s.page.space(gap)
	s.writeFacts(h, w)
}

// wrapHead writes a head for which the aligned line is too long: without
// padding, else facts below the addresses, else everything below each other.
func (s *Sink) wrapHead(h *head, w widths) {
	p := &s.page
	if p.fits(s.ends(w) + gap + w.facts()) {
		s.writeHead(h, w)
		return
	}
	s.writeEnds(h, w)
	p.newLine(s.indent())
	s.writeFacts(h, w)
}

// writeEnds writes time, direction and both addresses; the peer goes below
// when both are too long for the terminal.
func (s *Sink) writeEnds(h *head, w widths) {
	p := &s.page
	tooLong := !p.fits(s.ends(w))
	p.text(s.style.faint, h.time)
	p.space(1)
	p.text(h.dirStyle, h.dir)
	p.space(1)
	p.text("", h.local)
	if tooLong {
		p.newLine(timeAndDir - 1 - cells(h.arrow))
	} else {
		p.space(w.local - cells(h.local) + 1)
	}
	p.text(h.dirStyle, h.arrow)
	p.space(1)
	p.text("", h.peer)
	p.space(w.peer - cells(h.peer))
}

// writeFacts writes cause, owner and errno, and starts a new line before
// whatever does not fit.
func (s *Sink) writeFacts(h *head, w widths) {
	p := &s.page
	p.text(s.style.cause, h.cause)
	p.text(s.style.faint, h.likely)
	p.space(w.cause - cells(h.cause) - cells(h.likely))
	s.nextFact(cells(h.owner))
	p.text("", h.owner)
	p.space(w.owner - cells(h.owner))
	if w.errno == 0 {
		return
	}
	s.nextFact(cells(h.errno))
	p.text(s.style.errno, h.errno)
	p.space(w.errno - cells(h.errno))
}

func (s *Sink) nextFact(n int) {
	if s.page.fits(gap + n) {
		s.page.space(gap)
	} else {
		s.page.newLine(s.indent())
	}
}

// storyText is what happened and how that is known.
func storyText(e *event.Event, evidence bool) string {
	story := clean(e.Summary)
	if len(e.Because) > 0 {
		story += " (because " + clean(strings.Join(e.Because, "; ")) + ")"
	}
	if e.KernelVerdict != "" {
		story += " [" + clean(e.KernelVerdict) + "]"
	}
	if evidence {
		story += " " + clean(evidenceText(&e.Evidence))
	}
	if len(e.Stack) > 0 {
		story += " stack: " + clean(strings.Join(e.Stack, " < "))
	}
	return strings.TrimSpace(story)
}

func (s *Sink) remedyCells(remedy string) int {
	if remedy == "" {
		return 0
	}
	return gap + cells(s.glyph.right) + 1 + cells(remedy)
}

// writeBody writes story and remedy on one line if they fit, else the remedy on
// its own.
func (s *Sink) writeBody(story, remedy string, indent int) {
	p := &s.page
	below := story != "" && !p.fits(cells(story)+s.remedyCells(remedy))
	p.words("", story, indent)
	if remedy == "" {
		return
	}
	switch {
	case below:
		p.newLine(indent)
	case story != "":
		p.space(gap)
	}
	p.text(s.style.remedy, s.glyph.right)
	p.space(1)
	p.words(s.style.remedy, remedy, indent+cells(s.glyph.right)+1)
}
