package view

import (
	"fmt"
	"strconv"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/sentence"
	"github.com/rsttrace/rsttrace/internal/sink/text"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func grouped(n uint64) string { return cause.Grouped(n) }

// perSecond writes a rate: "0.2", "14", "402 117".
func perSecond(rate float64) string {
	switch {
	case rate <= 0:
		return ""
	case rate < 9.95:
		return strconv.FormatFloat(rate, 'f', 1, 64)
	default:
		return grouped(uint64(rate + 0.5))
	}
}

// ago writes how long something is over, in three cells: "9s", "59m", "23h", "12d".
func ago(d time.Duration) string {
	switch {
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 100*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}

const (
	clock = "15:04:05.000"
	day   = "2006-01-02 15:04:05"
)

// dirStyle is the style and the word of a direction.
func (t *Theme) dirStyle(d event.Dir) style {
	switch d {
	case event.Sent:
		return t.sent
	case event.Ignored:
		return t.ignored
	default:
		return t.received
	}
}

// arrow is the way of a RST, seen from the local end.
func (t *Theme) arrow(towardsPeer bool) string {
	if towardsPeer {
		return t.right
	}
	return t.left
}

// causeText is a cause, and whether it is an inference.
func causeText(id event.CauseID, certainty event.Certainty) string {
	if certainty == event.Likely {
		return string(id) + "?"
	}
	return string(id)
}

// ends are the two ends of a finding in the way of its first RST.
func ends(f *event.Finding) (from, to event.Endpoint) {
	if f.Dir != event.Sent && !f.FromLocal {
		return f.Peer, f.Local
	}
	return f.Local, f.Peer
}

// whom says who reset whom in a finding, as far as they are on this host.
func whom(s *State, f *event.Finding) string {
	from, to := ends(f)
	return party(&f.Actor, from) + " " + s.theme.right + " " + party(&f.Victim, to)
}

func party(p *event.Party, at event.Endpoint) string {
	if p.IsZero() {
		return at.String()
	}
	return text.PartyName(&p.Owner)
}

// share is a part of all resets: "82 %".
func (s *State) share(n uint64) string {
	if s.shot.Resets == 0 {
		return ""
	}
	return strconv.FormatUint(100*n/s.shot.Resets, 10) + " %"
}

// hurt says in a word what an application got from a finding.
func (s *State) hurt(f *event.Finding) (style, string) {
	switch {
	case f.Harmless:
		return s.theme.faint, "harmless"
	case f.Lost != event.Lost{}:
		return s.theme.alarm, "lost"
	case len(f.Errors) > 0:
		return s.theme.errno, f.Errors[0].Errno
	}
	return "", ""
}

// spread says how a number is spread: "age of the connection: 20 ms to 1.2 s, median 30 ms".
func spread(n event.Spread) string {
	what, write, known := sentence.Number(n.Name)
	if !known {
		what, write = string(n.Name), grouped
	}
	if n.Min == n.Max {
		return what + ": " + write(n.Min)
	}
	return what + ": " + write(n.Min) + " to " + write(n.Max) + ", median " + write(n.Median)
}
