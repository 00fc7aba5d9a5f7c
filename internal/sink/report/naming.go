package report

import (
	"strconv"
	"unicode/utf8"

	"github.com/rsttrace/rsttrace/internal/printable"
	"github.com/rsttrace/rsttrace/internal/sink/text"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// nameMax bounds what others chose: names and sentences in bytes.
const nameMax = 600

// clip makes text printable, and short enough for a page.
func clip(text string) string {
	clean := printable.Text(text)
	if len(clean) <= nameMax {
		return clean
	}
	end := nameMax
	for !utf8.RuneStart(clean[end]) {
		end--
	}
	return clean[:end] + "…"
}

// notKnown stands for the owner of an event without one.
const notKnown = "not known"

// ownerOf names the program and where it runs, without its process id: what a restart
// does not change.
func ownerOf(e *event.Event) string { return clip(text.ProgramName(e)) }

func addressOf(e event.Endpoint) string {
	if !e.Addr.IsValid() {
		return notKnown
	}
	return clip(e.Addr.String())
}

// Ports of servers are of this host, or of the other end. Of a capture nobody may have said
// which end is ours.
const (
	portHere    = "here"
	portThere   = "there"
	portUnknown = "unknown"
)

// portOf is the port of the end that listens, and where that is: "here 443".
func portOf(e *event.Event) string {
	server, here := finding.Server(e)
	where := portThere
	switch {
	case e.Dir == event.Observed:
		where = portUnknown
	case here:
		where = portHere
	}
	return where + " " + strconv.Itoa(int(server.Port))
}
