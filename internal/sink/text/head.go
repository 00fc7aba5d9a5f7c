package text

import (
	"github.com/rsttrace/rsttrace/pkg/event"
)

// head is the facts of the first line, cleaned and ready to be measured.
type head struct {
	time, dir, local, arrow, peer string
	cause, likely, owner, errno   string
	dirStyle                      string
}

// clock is how the time of day is written.
const clock = "15:04:05.000"

// gap separates the columns of the head line.
const gap = 2

func (s *Sink) head(e *event.Event) head {
	h := head{
		time:  e.Time.In(s.options.Location).Format(clock),
		local: clean(e.Local.String()), // clean: a zone is an interface name
		peer:  clean(e.Peer.String()),
		cause: clean(string(e.Cause)),
		owner: ownerText(e) + onHost(hostOf(e)),
		errno: errnoText(e.App),
	}
	if e.Certainty == event.Likely {
		h.likely = " (likely)"
	}
	switch e.Dir {
	case event.Sent:
		h.dir, h.arrow, h.dirStyle = "SENT    ", s.glyph.right, s.style.sent
	case event.Received:
		h.dir, h.arrow, h.dirStyle = "RECEIVED", s.glyph.left, s.style.received
	case event.Observed:
		h.dir, h.arrow, h.dirStyle = "OBSERVED", s.glyph.left, s.style.received
		if e.LocalSent() {
			h.arrow = s.glyph.right
		}
	default:
		h.dir, h.arrow, h.dirStyle = "IGNORED ", s.glyph.left, s.style.ignored
	}
	return h
}

// errnoText is what the application gets.
func errnoText(app event.App) string {
	switch {
	case app.SIGPIPE && app.Errno != "":
		return clean(app.Errno) + "+SIGPIPE"
	case app.SIGPIPE:
		return "SIGPIPE"
	}
	return clean(app.Errno)
}

// widths are the cells that each column of a head takes, gaps not included.
type widths struct {
	local, peer, cause, owner, errno int
}

func (h *head) natural() widths {
	return widths{cells(h.local), cells(h.peer), cells(h.cause) + cells(h.likely), cells(h.owner), cells(h.errno)}
}

// aligned is natural, padded to the columns of the lines before.
func (c *columns) aligned(n widths) widths {
	return widths{
		max(n.local, c.local.fit(n.local)),
		max(n.peer, c.peer.fit(n.peer)),
		max(n.cause, c.cause.fit(n.cause)),
		max(n.owner, c.owner.fit(n.owner)),
		max(n.errno, c.errno.fit(n.errno)),
	}
}

// timeAndDir is the cells up to the local address; the direction starts at
// dirColumn, and so do continuation lines where there is room.
const (
	dirColumn  = len(clock + " ")
	timeAndDir = dirColumn + len("RECEIVED ")
)

// ends is the cells of the addresses with time and direction.
func (s *Sink) ends(w widths) int {
	return timeAndDir + w.local + 1 + cells(s.glyph.right) + 1 + w.peer
}

// facts is the cells of cause, owner and errno.
func (w widths) facts() int {
	n := w.cause + gap + w.owner
	if w.errno > 0 {
		n += gap + w.errno
	}
	return n
}
