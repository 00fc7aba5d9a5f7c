package text

import (
	"github.com/mattn/go-runewidth"

	"github.com/rsttrace/rsttrace/internal/wordwrap"
)

// measure counts terminal cells. Arrows are one cell wide; the condition that
// runewidth takes from the environment would make golden files depend on it.
var measure = &runewidth.Condition{}

func cells(text string) int {
	for i := range len(text) {
		if text[i] < ' ' || text[i] >= 0x7f {
			return measure.StringWidth(text)
		}
	}
	return len(text)
}

// page appends styled text and knows in which terminal column it is.
type page struct {
	width  int // columns; 0: no limit
	buf    []byte
	column int
	lines  uint64 // written so far, of all events
}

func (p *page) begin(buf []byte) { p.buf, p.column = buf, 0 }

// end finishes the last line and gives the buffer back.
func (p *page) end() []byte {
	p.newLine(0)
	buf := p.buf
	p.buf = nil
	return buf
}

// text appends text in a style ("" for none).
func (p *page) text(style, text string) {
	if text == "" {
		return
	}
	p.buf = append(p.buf, style...)
	p.buf = append(p.buf, text...)
	p.endStyle(style)
	p.column += cells(text)
}

// space appends n blanks.
func (p *page) space(n int) {
	for range n {
		p.buf = append(p.buf, ' ')
	}
	p.column += n
}

// newLine ends the line, without blanks at its end, and indents the next.
func (p *page) newLine(indent int) {
	for len(p.buf) > 0 && p.buf[len(p.buf)-1] == ' ' {
		p.buf = p.buf[:len(p.buf)-1]
	}
	p.buf = append(p.buf, '\n')
	p.column = 0
	p.lines++
	p.space(indent)
}

// fits reports whether n more cells fit on this line.
func (p *page) fits(n int) bool { return p.width == 0 || p.column+n <= p.width }

// words appends text and breaks the line between words where it is full; the
// further lines are indented. A word longer than a line, or a number with its unit,
// is not cut.
func (p *page) words(style, text string, indent int) {
	if p.fits(cells(text)) {
		p.text(style, text)
		return
	}
	p.buf = append(p.buf, style...)
	first := true
	for piece := range wordwrap.Pieces(text) {
		n := cells(piece)
		switch {
		case first:
		case p.fits(1 + n):
			p.space(1)
		default:
			p.endStyle(style)
			p.newLine(indent)
			p.buf = append(p.buf, style...)
		}
		p.buf = append(p.buf, piece...)
		p.column += n
		first = false
	}
	p.endStyle(style)
}

func (p *page) endStyle(style string) {
	if style != "" {
		p.buf = append(p.buf, reset...)
	}
}
