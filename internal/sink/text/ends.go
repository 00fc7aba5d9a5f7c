package text

import (
	"strconv"

	"github.com/rsttrace/rsttrace/pkg/event"
)

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

// hostOf is the name of an event's machine where there are several: behind a join.
func hostOf(e *event.Event) string {
	if e.HostEvent == 0 {
		return ""
	}
	return e.HostName
}

func onHost(name string) string {
	if name == "" {
		return ""
	}
	return " on " + clean(name)
}

// joinedText is what a join knows of the other end.
func joinedText(e *event.Event) string {
	switch p := e.PeerHost; {
	case e.HostEvent == 0:
		return ""
	case p != nil:
		return joinedEnd(e, p)
	case e.PeerSent.Verdict == event.PeerSentNone && e.PeerSent.Hosts > 0:
		return "no socket of a traced host sent it: " + clean(e.PeerSent.Because)
	case e.PeerGot.Verdict == event.PeerSentNone:
		return "it never arrived: " + clean(e.PeerGot.Because)
	case e.PeerSent.Because != "" && e.PeerSent.Hosts > 0:
		return "the other end is not known: " + clean(e.PeerSent.Because)
	case e.PeerGot.Because != "":
		return "the other end is not known: " + clean(e.PeerGot.Because)
	}
	return ""
}

func joinedEnd(e *event.Event, p *event.PeerHost) string {
	text := "the other end is #" + digits(e.PeerEvent) + onHost(p.Host)
	if p.Certainty == event.Likely {
		text += " (likely)"
	}
	if p.Local != nil && p.Peer != nil {
		text += ", as " + clean(p.Local.String()) + " with " + clean(p.Peer.String())
	}
	if p.TookMicros != nil && p.ErrorMicros != nil {
		text += ", " + millis(*p.TookMicros) + " ms on its way, ± " + millis(*p.ErrorMicros)
	}
	if p.Because != "" {
		text += "; " + clean(p.Because)
	}
	return text
}

func millis(micros int64) string { return strconv.FormatFloat(float64(micros)/1000, 'f', 2, 64) }
