package view

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/rsttrace/rsttrace/internal/sink/screen"
	"github.com/rsttrace/rsttrace/internal/sink/text"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func newCauses() table[screen.Cause] {
	type row = screen.Cause
	return table[row]{
		title: "causes",
		key:   func(c row) string { return string(c.Dir) + " " + string(c.ID) },
		columns: []column[row]{
			{name: "dir", most: 8, cell: func(s *State, c row) (style, string) { return s.theme.dirStyle(c.Dir), string(c.Dir) }},
			{name: "cause", most: 30, least: 12, cell: func(s *State, c row) (style, string) { return s.theme.cause, string(c.ID) }},
			{name: "total", most: 15, right: true, cell: func(_ *State, c row) (style, string) { return "", grouped(c.Events) }},
			{name: "per s", most: 11, right: true, cell: func(_ *State, c row) (style, string) { return "", perSecond(c.Rate) }},
			{name: "share", most: 5, right: true, hidden: true, spare: 2, cell: func(s *State, c row) (style, string) { return "", s.share(c.Events) }},
			{name: "last minute", least: 10, spare: 1, chart: func(c row) []float64 { return c.Series[:] }},
		},
		orders: []order[row]{
			{"total", func(a, b row) int { return cmp.Or(cmp.Compare(b.Events, a.Events), byName(a, b)) }},
			{"rate", func(a, b row) int {
				return cmp.Or(cmp.Compare(b.Rate, a.Rate), cmp.Compare(b.Events, a.Events), byName(a, b))
			}},
			{"name", byName},
		},
	}
}

func byName(a, b screen.Cause) int {
	return cmp.Or(cmp.Compare(slices.Index(event.Dirs, a.Dir), slices.Index(event.Dirs, b.Dir)), cmp.Compare(a.ID, b.ID))
}

func newFindings() table[screen.Finding] {
	type row = screen.Finding
	return table[row]{
		title: "findings",
		key:   func(f row) string { return strconv.FormatUint(f.ID, 10) },
		columns: []column[row]{
			{name: "", most: 2, cell: func(s *State, f row) (style, string) {
				if f.Alive {
					return s.theme.alarmUnless(f.Harmless), s.theme.alive
				}
				return s.theme.faint, s.theme.quiet
			}},
			{name: "#", most: 6, right: true, spare: 6, cell: func(s *State, f row) (style, string) { return s.theme.faint, strconv.FormatUint(f.ID, 10) }},
			{name: "finding", most: 28, least: 16, cell: func(s *State, f row) (style, string) {
				if f.Harmless {
					return "", text.FindingName(f.Finding)
				}
				return s.theme.cause, text.FindingName(f.Finding)
			}},
			{name: "resets", most: 15, right: true, cell: func(_ *State, f row) (style, string) { return "", grouped(f.Resets) }},
			{name: "per s", most: 9, right: true, spare: 5, cell: func(_ *State, f row) (style, string) { return "", perSecond(f.Rate) }},
			{name: "last", most: 4, right: true, cell: func(s *State, f row) (style, string) {
				return s.theme.faint, ago(s.shot.Now.Sub(f.Last))
			}},
			{name: "effect", most: 12, spare: 7, cell: func(s *State, f row) (style, string) { return s.hurt(f.Finding) }},
			{name: "who resets whom", least: 24, cell: func(s *State, f row) (style, string) { return "", whom(s, f.Finding) }},
			{name: "last minute", most: 30, spare: 8, hidden: true, chart: func(f row) []float64 { return f.Series[:] }},
			{name: "server", most: 45, spare: 9, hidden: true, cell: func(_ *State, f row) (style, string) { return "", f.Server.String() }},
			{name: "netns", most: 20, spare: 9, hidden: true, cell: func(_ *State, f row) (style, string) { return "", text.NetnsName(&f.Netns) }},
		},
		orders: []order[row]{
			{"rank", byRank},
			{"resets", func(a, b row) int { return cmp.Or(cmp.Compare(b.Resets, a.Resets), cmp.Compare(a.ID, b.ID)) }},
			{"last", func(a, b row) int { return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.ID, b.ID)) }},
			{"number", func(a, b row) int { return cmp.Compare(a.ID, b.ID) }},
		},
	}
}

// byRank puts what hurts first: harmless findings come behind all others, quiet ones
// behind those that are alive, and of equals that with more resets is first.
func byRank(a, b screen.Finding) int {
	return cmp.Or(
		cmp.Compare(weight(b.Finding), weight(a.Finding)),
		cmp.Compare(number(b.Alive), number(a.Alive)),
		cmp.Compare(b.Resets, a.Resets),
		cmp.Compare(a.ID, b.ID),
	)
}

// weight is 2 for a finding that cost an application data or gave it an error, 1 for one
// of which no more is known, and 0 for a harmless one.
func weight(f *event.Finding) int {
	switch {
	case f.Harmless:
		return 0
	case f.Lost != event.Lost{} || len(f.Errors) > 0:
		return 2
	default:
		return 1
	}
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

func newEvents() table[*event.Event] {
	type row = *event.Event
	return table[row]{
		title: "events",
		key:   func(e row) string { return strconv.FormatUint(e.ID, 10) },
		columns: []column[row]{
			{name: "time", most: len(clock), cell: func(s *State, e row) (style, string) { return s.theme.faint, e.Time.In(s.location).Format(clock) }},
			{name: "#", most: 9, right: true, spare: 5, hidden: true, cell: func(s *State, e row) (style, string) { return s.theme.faint, strconv.FormatUint(e.ID, 10) }},
			{name: "dir", most: 8, spare: 8, cell: func(s *State, e row) (style, string) { return s.theme.dirStyle(e.Dir), string(e.Dir) }},
			{name: "local", most: 45, least: 15, cell: func(_ *State, e row) (style, string) { return "", e.Local.String() }},
			{name: "", most: 1, cell: func(s *State, e row) (style, string) { return s.theme.dirStyle(e.Dir), s.theme.arrow(e.LocalSent()) }},
			{name: "peer", most: 45, least: 15, cell: func(_ *State, e row) (style, string) { return "", e.Peer.String() }},
			{name: "cause", most: 27, least: 18, cell: func(s *State, e row) (style, string) { return s.theme.cause, causeText(e.Cause, e.Certainty) }},
			{name: "owner", most: 40, least: 9, spare: 1, cell: func(_ *State, e row) (style, string) { return "", text.OwnerName(e) }},
			{name: "errno", most: 13, spare: 7, cell: func(s *State, e row) (style, string) { return s.theme.errno, text.Errno(&e.App) }},
			{name: "state", most: 12, spare: 9, hidden: true, cell: func(_ *State, e row) (style, string) { return "", e.State.String() }},
			{name: "finding", most: 7, right: true, spare: 9, hidden: true, cell: func(_ *State, e row) (style, string) { return "", optional(e.Finding) }},
			{name: "netns", most: 20, spare: 9, hidden: true, cell: func(_ *State, e row) (style, string) { return "", text.NetnsName(&e.Netns) }},
			{name: "story", least: 20, spare: 9, cell: func(_ *State, e row) (style, string) { return "", e.Summary }},
		},
		orders: []order[row]{
			{"newest", nil},
			{"cause", func(a, b row) int { return cmp.Compare(a.Cause, b.Cause) }},
			{"owner", func(a, b row) int { return cmp.Compare(text.OwnerName(a), text.OwnerName(b)) }},
			{"peer", func(a, b row) int { return a.Peer.AddrPort().Compare(b.Peer.AddrPort()) }},
			{"local", func(a, b row) int { return a.Local.AddrPort().Compare(b.Local.AddrPort()) }},
		},
	}
}

func optional(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}
