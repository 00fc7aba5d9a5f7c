package text

import (
	"strconv"

	"github.com/rsttrace/rsttrace/pkg/audit"
)

// Audit writes how events and the kernel's counters reconcile: over what, then
// a line per counter that moved. A contradiction is marked with "!".
func (s *Sink) Audit(r audit.Report) error {
	p := &s.page
	p.begin(s.out.Open())
	if p.lines > 0 {
		p.newLine(0)
	}
	s.auditLine(s.style.faint, "audit  ", auditScope(&r))
	for _, note := range r.Notes {
		p.newLine(0)
		s.auditLine("", "audit  ", clean(note))
	}
	for i := range r.Lines {
		line := &r.Lines[i]
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

func auditScope(r *audit.Report) string {
	scope := "over " + strconv.FormatFloat(r.Elapsed.Seconds(), 'f', 1, 64) + " s in " +
		plural(uint64(r.Namespaces), "network namespace")
	for i := range r.Lines {
		if r.Lines[i].Moved() {
			return scope
		}
	}
	return scope + ": no counter moved"
}

// auditText is "sent 12 of 12 (TcpOutRsts)" and what has to be said of it.
func auditText(l *audit.Line) string {
	text := l.What() + " "
	switch {
	case l.OnlyKernel():
		text += number(l.Kernel)
	case l.Most() > l.Events:
		text += number(l.Events) + " to " + number(l.Most()) + " of " + number(l.Kernel)
	default:
		text += number(l.Events) + " of " + number(l.Kernel)
	}
	text += " (" + clean(l.Counter) + ")"
	if !l.Exact || l.OnlyKernel() {
		text += ": " + clean(l.Note)
	}
	return text
}
