package text

import "github.com/rsttrace/rsttrace/pkg/event"

// numbers remembers which events were written with their number, so that
// another may refer to them. It holds the latest of each remainder.
type numbers [256]uint64

func (n *numbers) note(id uint64)     { n[id%uint64(len(n))] = id }
func (n *numbers) has(id uint64) bool { return n[id%uint64(len(n))] == id }

// number is written before the story of an event to which a later one will
// refer, the other end of the same RST. All others need none.
func (s *Sink) number(e *event.Event) string {
	if e.PeerEvent <= e.ID {
		return ""
	}
	s.numbers.note(e.ID)
	return "#" + number(e.ID)
}

// otherEnd makes one story of the two events of a RST whose both ends are on
// this host.
func (s *Sink) otherEnd(e *event.Event) string {
	switch {
	case e.PeerEvent == 0 || e.PeerEvent >= e.ID:
		return ""
	case s.numbers.has(e.PeerEvent):
		return " (the other end of #" + number(e.PeerEvent) + ")"
	default:
		return " (the other end of an event above)"
	}
}
