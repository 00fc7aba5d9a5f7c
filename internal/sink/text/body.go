package text

import (
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// paragraph is one part of the body. Its mark ("→") stands before it and
// further lines of it start behind the mark.
type paragraph struct {
	style, mark, text string
}

func (g paragraph) cells() int {
	n := cells(g.text)
	if g.mark != "" {
		n += cells(g.mark) + 1
	}
	return n
}

// body returns what follows the head: what happened, what to do, and the raw
// facts where they are wanted.
func (s *Sink) body(e *event.Event) []paragraph {
	body := make([]paragraph, 0, 4)
	add := func(style, mark, text string) {
		if text != "" {
			body = append(body, paragraph{style, mark, text})
		}
	}
	add("", eventNumber(e.ID), storyText(e)+otherEnd(e))
	add(s.style.faint, "", joinedText(e))
	if remedy := clean(e.Remedy); s.shown.due(remedy, s.page.lines, s.options.Height) {
		add(s.style.remedy, s.glyph.right, remedy)
	}
	if s.options.Evidence || e.Cause == unclassified {
		add(s.style.faint, "application:", clean(callsText(&e.App)))
		add(s.style.faint, "connection:", connectionText(e))
		add(s.style.faint, "trigger:", clean(triggerText(&e.Trigger)))
		add(s.style.faint, "evidence:", clean(evidenceText(&e.Evidence)))
	}
	add(s.style.faint, "stack:", clean(strings.Join(e.Stack, " < ")))
	return body
}

// storyText is what happened, and what else is known or it rests on.
func storyText(e *event.Event) string {
	story := clean(e.Summary)
	if len(e.Because) > 0 {
		story += " (because " + clean(strings.Join(e.Because, "; ")) + ")"
	}
	return story
}

// bodyCells is the length of body on one line, with the gaps before each part.
func (s *Sink) bodyCells(body []paragraph) int {
	n := 0
	for _, part := range body {
		n += gap + part.cells()
	}
	return n
}

// writeBody writes the parts of body one after the other. A part starts a new
// line where it does not fit as a whole, or the part before it had to be broken.
func (s *Sink) writeBody(body []paragraph, indent int) {
	p := &s.page
	start := p.lines
	for i, part := range body {
		switch {
		case i == 0:
		case p.lines == start && p.fits(gap+part.cells()):
			p.space(gap)
		default:
			p.newLine(indent)
		}
		start = p.lines
		hang := indent
		if part.mark != "" {
			p.text(part.style, part.mark)
			p.space(1)
			hang += cells(part.mark) + 1
		}
		p.words(part.style, part.text, hang)
	}
}
