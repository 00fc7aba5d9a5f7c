package finding

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// actor names the process that acted: "nginx[812]", or "nginx" where several did.
func (g *group) actor(unknown string) string {
	if g.first.Dir == event.Observed && g.sees() {
		return g.first.Local.Addr.String()
	}
	return nameOf(&g.first.Owner, g.actors.n, unknown) + g.role(true)
}

// victim names the process that got the RST.
func (g *group) victim(unknown string) string {
	switch {
	case g.first.Dir == event.Observed && g.sees():
		return g.first.Peer.Addr.String()
	case g.first.Dir == event.Observed:
		return g.first.Local.Addr.String()
	case !g.sees():
		return nameOf(&g.first.Owner, g.actors.n, unknown)
	}
	return nameOf(&g.other.Owner, g.victims.n, unknown) + g.role(false)
}

// role tells both ends apart where they have the same name: " (server)", " (client)".
func (g *group) role(acting bool) string {
	if g.other.Dir == "" || g.first.Owner.Comm == "" || g.first.Owner.Comm != g.other.Owner.Comm {
		return ""
	}
	if _, here := serverOf(&g.first); here == acting {
		return " (server)"
	}
	return " (client)"
}

func nameOf(o *event.Owner, pids int, unknown string) string {
	switch {
	case o.PID == 0 && o.Comm == "":
		return unknown
	case pids > 1 || o.PID == 0:
		return o.Comm
	case o.Comm == "":
		return "pid " + strconv.FormatUint(uint64(o.PID), 10)
	}
	return o.Comm + "[" + strconv.FormatUint(uint64(o.PID), 10) + "]"
}

// peer names the other end: its process if it is on this host, else its address.
func (g *group) peer() string {
	if name := nameOf(&g.other.Owner, g.victims.n, ""); name != "" {
		return name + g.role(false)
	}
	if g.peers.n > 1 {
		return "each of " + countOf(g.peers.export(), "peer")
	}
	return g.first.Peer.Addr.String()
}

func countOf(t event.Tally, what string) string {
	text := cause.Grouped(t.Count) + " " + what
	if t.Count != 1 {
		if strings.HasSuffix(what, "s") {
			text += "e"
		}
		text += "s"
	}
	if t.More {
		text = "more than " + text
	}
	return text
}

func bytesOf(n uint64) string {
	if n == 1 {
		return "1 byte"
	}
	return cause.Grouped(n) + " bytes"
}

// span writes a duration of milliseconds as a person would: "44 ms", "3.0 s", "5 min".
func span(millis uint64) string {
	d := time.Duration(millis) * time.Millisecond
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", millis)
	case d < 2*time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.1f min", d.Minutes())
	default:
		return fmt.Sprintf("%.1f h", d.Hours())
	}
}

// rangeOf writes the middle of a spread, and its ends where they differ visibly.
func rangeOf(s *spread) string {
	middle := span(s.median())
	low, high := span(s.min), span(s.max)
	if s.count == 1 || low == high {
		return middle
	}
	return fmt.Sprintf("%s (%s to %s)", middle, low, high)
}

// times says how many resets there were, where it was more than one: " (57 times)".
func (g *group) times() string {
	if g.resets == 1 {
		return ""
	}
	return " (" + cause.Grouped(g.resets) + " times)"
}

// oneOf is the singular for one reset, and the plural for more.
func (g *group) oneOf(one, more string) string {
	if g.resets == 1 {
		return one
	}
	return more
}
