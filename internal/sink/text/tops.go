package text

import (
	"strconv"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// tops writes the most frequent owners, peers and local ports, a table each with
// an empty line around it.
func (s *Sink) tops(t *event.Tops) {
	s.top("OWNER", &t.Owners, topOwner)
	s.top("PEER", &t.Peers, topPeer)
	s.top("LOCAL PORT", &t.Ports, topPort)
	s.page.newLine(0)
}

func (s *Sink) top(title string, t *event.Top, nameOf func(*event.TopRow) string) {
	p := &s.page
	p.newLine(0)
	names := make([]string, len(t.Rows))
	widest, causes, events := cells(title), len("CAUSE"), len("EVENTS")
	for i := range t.Rows {
		r := &t.Rows[i]
		names[i] = nameOf(r)
		widest = max(widest, cells(names[i]))
		causes = max(causes, cells(clean(string(r.Cause))))
		events = max(events, len(digits(r.Events)))
	}
	name := func(style, text string) {
		p.text(style, text)
		p.space(widest - cells(text) + gap)
	}
	name(s.style.faint, title)
	s.row("DIRECTION", "CAUSE", "EVENTS", s.style.faint, causes, events)
	for i := range t.Rows {
		r := &t.Rows[i]
		name("", names[i])
		s.row(clean(string(r.Dir)), clean(string(r.Cause)), digits(r.Events), s.style.cause, causes, events)
	}
	if t.Further > 0 {
		p.text("", plural(t.Unlisted, "event")+" in "+plural(t.Further, "further row"))
		p.newLine(0)
	}
	if t.Displaced > 0 {
		p.text(s.style.alarm, "displaced:")
		p.space(1)
		p.words("", plural(t.Displaced, "event")+" found no room in this table; a row above may lack some of them", 0)
		p.newLine(0)
	}
}

func topOwner(r *event.TopRow) string {
	o := &r.Owner
	location := ownerLocation(o)
	if location == "" {
		location = unitOf(o)
	}
	text := clean(o.Comm)
	switch {
	case text == "" && location == "-":
		text = "not known"
	case text == "":
		text = location
	case location != "-":
		text += " in " + location
	}
	return text + inNetns(r)
}

func topPeer(r *event.TopRow) string {
	if !r.Peer.IsValid() {
		return "not known" + inNetns(r)
	}
	return clean(r.Peer.String()) + inNetns(r)
}

func topPort(r *event.TopRow) string {
	if r.Port == 0 {
		return "any" + inNetns(r)
	}
	return strconv.FormatUint(uint64(r.Port), 10) + inNetns(r)
}

func inNetns(r *event.TopRow) string {
	text := netnsText(&event.Event{Owner: r.Owner, Netns: r.Netns})
	if text == "" {
		return ""
	}
	return ", " + text
}
