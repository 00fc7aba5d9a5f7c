package text

import (
	"slices"
	"strconv"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Totals writes the totals: a table of causes, the most frequent first within
// each direction, the most frequent owners, peers and local ports where they were
// asked for, and the account of what was shown.
func (s *Sink) Totals(t *event.Totals) error {
	p := &s.page
	p.begin(s.out.Open())
	s.furtherFindings()
	counts := t.Sorted()
	events, causes := len("EVENTS"), len("CAUSE")
	for _, c := range counts {
		events = max(events, len(digits(c.Events)))
		causes = max(causes, cells(clean(string(c.Cause))))
	}
	if p.lines > 0 {
		p.newLine(0)
	}
	if len(counts) > 0 {
		s.row("DIRECTION", "CAUSE", "EVENTS", s.style.faint, causes, events)
	}
	for _, c := range counts {
		s.row(clean(string(c.Dir)), clean(string(c.Cause)), digits(c.Events), s.style.cause, causes, events)
	}
	if t.Tops != nil && len(counts) > 0 {
		s.tops(t.Tops)
	}
	s.account(t)
	return s.out.Commit(p.end())
}

func (s *Sink) row(dir, cause, events, style string, causeCells, eventCells int) {
	p := &s.page
	p.text(s.style.faint, dir)
	p.space(max(0, len("DIRECTION")-cells(dir)) + gap)
	p.text(style, cause)
	p.space(causeCells - cells(cause) + gap)
	p.space(eventCells - cells(events))
	p.text("", events)
	p.newLine(0)
}

// account says where every counted event went. Losses are said in full words:
// they are the reason to trust or not to trust the lines above.
func (s *Sink) account(t *event.Totals) {
	s.page.text("", accountLine(t))
	if s.options.Fold && len(s.findings) > 0 && t.NotShown > 0 {
		s.explain("", "not shown:", s.notShownText(t)+"; findings do not count them, the table does")
	}
	if s.pairs && s.options.Fold && t.Events() > 0 {
		s.explain("", "events:", "a RST between two ends on this host is one reset, and two events: one for each end")
	}
	for _, e := range explanations(t) {
		s.explain(s.style.alarm, e.Number, e.Meaning)
	}
}

// notShownText says why events may be not shown. Without a filter of their own, users see
// no ignored RSTs, and that is all.
func (s *Sink) notShownText(t *event.Totals) string {
	const tooMany = "too many for one second (--max-rate)"
	ignored := slices.ContainsFunc(t.Counts, func(c event.Count) bool { return c.Dir == event.Ignored && c.Events > 0 })
	switch {
	case !s.options.Unfiltered:
		return "the filter does not want them, or they were " + tooMany
	case ignored:
		return "ignored RSTs (--direction all shows them), or " + tooMany
	}
	return "they were " + tooMany
}

func accountLine(t *event.Totals) string {
	return plural(t.Events(), "event") + ": " +
		digits(t.Shown) + " shown, " + digits(t.NotShown) + " not shown, " +
		digits(t.Lost) + " lost, " + digits(t.Missed) + " missed"
}

// explanations say what the numbers of the account mean that are not 0.
func explanations(t *event.Totals) (all []Explanation) {
	if len(t.NotCounted) > 0 {
		all = append(all, Explanation{"not counted:", strings.Join(t.NotCounted, "; ") + " (hooks not attached, the filter does not need them)"})
	}
	if t.Lost > 0 {
		all = append(all, Explanation{"lost:", "counted above, but their details did not arrive in time"})
	}
	all = append(all, lostRecords(&t.LostRecords)...)
	if t.OwnersNotSought > 0 {
		all = append(all, Explanation{plural(t.OwnersNotSought, "owner") + " not sought:", "the search for owners takes 1 % of a core at most, and with so many open files the next one came too late"})
	}
	if t.Missed > 0 {
		all = append(all, Explanation{"missed:", "the kernel skipped a probe of rsttrace so often, because the same CPU was inside another one; up to so many resets are in no count"})
	}
	return all
}

// lostRecords says what the events above may lack, since the ring buffer was full.
func lostRecords(lost *event.LostRecords) (all []Explanation) {
	for _, kind := range []struct {
		records       uint64
		what, meaning string
	}{
		{lost.Holders, "holder record", "an event without an owner may have one"},
		{lost.Modules, "module record", "rsttrace then looked itself which kernel modules are loaded; resets of firewall rules may be missing until then"},
		{lost.Signals, "signal record", "a process got SIGPIPE, and no line says so"},
		{lost.Errors, "error record", "the kernel reported an error to an application, and no event says so"},
		{lost.Payloads, "payload record", "a RST said why in its payload, and the event does not show it"},
		{lost.Cgroups, "cgroup record", "an event of a new container may lack its name"},
		{lost.Commands, "command record", "what a process runs that resets sockets of others may be missing"},
		{lost.Packets, "packet record", "the packet of an event is missing from a file of packets"},
	} {
		if kind.records > 0 {
			all = append(all, Explanation{plural(kind.records, kind.what) + " lost:", kind.meaning})
		}
	}
	return all
}

// explain says on a line of its own what a number of the account means.
func (s *Sink) explain(style, number, meaning string) {
	p := &s.page
	p.newLine(0)
	p.text(style, number)
	p.space(1)
	p.words("", meaning, 0)
}

func digits(n uint64) string { return strconv.FormatUint(n, 10) }

func plural(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return digits(n) + " " + what + "s"
}
