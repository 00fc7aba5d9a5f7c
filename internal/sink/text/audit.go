package text

import (
	"strconv"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Audit writes how events and the kernel's counters reconcile: over what, then
// a line per counter that moved. A contradiction is marked with "!".
func (s *Sink) Audit(a *event.Audit) error {
	p := &s.page
	p.begin(s.out.Open())
	if p.lines > 0 {
		p.newLine(0)
	}
	s.auditLine(s.style.faint, "audit  ", auditScope(a))
	for _, note := range a.Notes {
		p.newLine(0)
		s.auditLine("", "audit  ", clean(note))
	}
	for i := range a.Counters {
		line := &a.Counters[i]
		switch {
		case !line.Moved():
		case line.OK:
			p.newLine(0)
			s.auditLine("", "audit  ", auditText(line))
		default:
			p.newLine(0)
			s.auditLine(s.style.alarm, "audit! ", auditText(line))
		}
	}
	return s.out.Commit(p.end())
}

// auditLine writes mark and text; further lines of a long text start behind
// the mark.
func (s *Sink) auditLine(style, mark, text string) {
	s.page.text(style, mark[:len(mark)-1])
	s.page.space(1)
	s.page.words(style, text, len(mark))
}

func auditScope(a *event.Audit) string {
	scope := "over " + strconv.FormatFloat(a.Elapsed.Seconds(), 'f', 1, 64) + " s in " +
		plural(uint64(a.Namespaces), "network namespace")
	for i := range a.Counters {
		if a.Counters[i].Moved() {
			return scope
		}
	}
	return scope + ": no counter moved"
}

// auditText is "sent 12 of 12 (TcpOutRsts)" and what has to be said of it.
func auditText(c *event.AuditCounter) string {
	text := auditUnit(c.Name) + " "
	switch {
	case c.OnlyKernel():
		text += digits(c.Kernel)
	case c.Most() > c.Counted:
		text += digits(c.Counted) + " to " + digits(c.Most()) + " of " + digits(c.Kernel)
	default:
		text += digits(c.Counted) + " of " + digits(c.Kernel)
	}
	text += " (" + clean(c.Name) + ")"
	if !c.Exact || c.OnlyKernel() {
		text += ": " + clean(c.Note)
	}
	return text
}
