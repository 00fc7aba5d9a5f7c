package report

import (
	"strconv"

	"github.com/rsttrace/rsttrace/internal/markup"
)

// writeEvents writes the first events as a table. The script puts one in its place that
// has all events of the page.
func (s *Sink) writeEvents(p *page) {
	h := &s.held
	p.Element(markup.Paragraph, s.heldText())
	s.writeSearch(p)
	p.Start(markup.Div, markup.ID.Is("listed"))
	if left := h.kept - len(h.first); left > 0 {
		p.note("The first " + plural(uint64(len(h.first)), "event") + ". A script shows the other " + grouped(uint64(left)) + ", and searches. Without one, rsttrace read shows them.")
	}
	if len(h.first) > 0 {
		p.table("First events", column{title: "Time"}, column{"Number", true}, column{title: "Direction"}, column{title: "Cause"}, column{title: "This end"}, column{title: "Other end"}, column{title: "Owner"}, column{title: "Error"}, column{"Lost", true}, column{title: "Finding"}, column{title: "What happened"})
	}
	for i := range h.first {
		s.writeListed(p, &h.first[i])
	}
	if len(h.first) > 0 {
		p.endTable()
	}
	p.End()
}

func (s *Sink) writeListed(p *page, l *listed) {
	p.head(s.clock(l.at))
	p.Element(markup.Cell, strconv.FormatUint(l.id, 10), class("n"))
	p.cell(l.dir)
	p.code(l.cause)
	p.cell(l.local)
	p.cell(l.peer)
	p.cell(l.owner)
	p.cell(l.errno)
	if l.lost > 0 {
		p.number(l.lost)
	} else {
		p.cell("")
	}
	id := l.finding
	if into, known := s.findings.into[id]; known {
		id = into
	}
	p.Start(markup.Cell)
	if id != 0 {
		p.Element(markup.Link, "#"+strconv.FormatUint(id, 10), markup.To(cardID(id)))
	}
	p.End()
	p.Element(markup.Cell, l.summary, class("wide"))
	p.End()
}

// heldText says how many of the events are on the page.
func (s *Sink) heldText() string {
	h := &s.held
	left := s.events - uint64(h.kept)
	switch {
	case s.events == 0:
		return "There is no event."
	case left == 0:
		return "The page has all events: " + grouped(s.events) + "."
	}
	return "The page has " + grouped(uint64(h.kept)) + " of " + plural(s.events, "event") + ": the first " + grouped(uint64(h.most)) +
		", then the first " + strconv.Itoa(ofEachFinding) + " of each finding. Findings and all numbers above are about all events."
}

// writeSearch writes what the script needs. Without one it stays hidden.
func (s *Sink) writeSearch(p *page) {
	p.Start(markup.Div, markup.ID.Is("explorer"), markup.Hidden.Is(""))
	p.Start(markup.Div, class("controls"))
	p.Element(markup.Label, "Search", markup.For.Is("search"))
	p.Start(markup.Input, markup.ID.Is("search"), markup.Type.Is("search"), markup.AutoComplete.Is("off"), markup.SpellCheck.Is("false"),
		markup.Placeholder.Is("nginx ECONNRESET -10.0.0.5"))
	p.Element(markup.Button, "Show all", markup.ID.Is("reset"), markup.Type.Is("button"))
	p.End()
	p.note("Words must all be there. A minus in front excludes a word. Up and down move from event to event.")
	p.Element(markup.Paragraph, "", markup.ID.Is("matches"), markup.Role.Is("status"), markup.ARIALive.Is("polite"))
	p.Element(markup.Div, "", markup.ID.Is("list"))
	p.Element(markup.Div, "", markup.ID.Is("one"), markup.ARIALive.Is("polite"))
	p.End()
}
