package text

import "github.com/rsttrace/rsttrace/pkg/event"

// layOut writes one event: all on one line where that fits, else the head (who
// and why, in one glance) and below it, indented, the body (what happened, what
// to do).
func (s *Sink) layOut(e *event.Event) {
	p := &s.page
	h := s.head(e)
	natural := h.natural()
	aligned := s.columns.aligned(natural)
	body := s.body(e)

	if p.fits(s.ends(aligned) + gap + aligned.facts() + s.bodyCells(body)) {
		s.writeHead(&h, aligned)
		p.space(gap)
		s.writeBody(body, 0)
		return
	}
	s.wrapHead(&h, natural, aligned)
	p.newLine(s.indent())
	s.writeBody(body, s.indent())
}

// indent keeps the time column free where the terminal is wide enough.
func (s *Sink) indent() int {
	if s.page.width < factsBelow {
		return 4
	}
	return dirColumn
}

func (s *Sink) writeHead(h *head, w widths) {
	s.writeEnds(h, w)
	s.page.space(gap)
	s.writeFacts(h, w)
}

// factsBelow is the width under which cause, owner and errno always go below
// the addresses: they would fit beside some of them only, and the eye would
// have to search.
const factsBelow = 100

// wrapHead writes a head that has its line for itself. If it is too long, it
// gives up the alignment column by column, from the right; then the facts go
// below the addresses.
func (s *Sink) wrapHead(h *head, natural, aligned widths) {
	p := &s.page
	w := aligned
	if w.errno = natural.errno; w.errno == 0 {
		w.owner = natural.owner // nothing follows that has to be aligned
	}
	for _, giveUp := range []func(){
		func() {},
		func() { w.owner = natural.owner },
		func() { w.cause = natural.cause },
		func() { w.peer = natural.peer },
		func() { w.local = natural.local },
	} {
		giveUp()
		if p.width >= factsBelow && p.fits(s.ends(w)+gap+w.facts()) {
			s.writeHead(h, w)
			return
		}
	}
	if w.local = aligned.local; !p.fits(s.ends(w)) {
		w.local = natural.local
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
	p.words("", h.owner, s.indent())
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
