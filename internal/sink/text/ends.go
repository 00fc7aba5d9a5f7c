package text

import "github.com/rsttrace/rsttrace/pkg/event"

// eventNumber is written before the story of an event, so that later lines may
// refer to it. It is "" for 0.
func eventNumber(id uint64) string {
	if id == 0 {
		return ""
	}
	return "#" + digits(id)
}

// otherEnd makes one story of the two events of a RST whose both ends are on
// this host: the second refers to the first.
func otherEnd(e *event.Event) string {
	if e.PeerEvent == 0 || e.PeerEvent >= e.ID {
		return ""
	}
	return " (the other end of " + eventNumber(e.PeerEvent) + ")"
}
