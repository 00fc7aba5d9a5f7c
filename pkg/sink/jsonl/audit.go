package jsonl

import (
	"strconv"

	"github.com/rsttrace/rsttrace/pkg/audit"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Audit writes how events and the kernel's counters reconcile, as a line of
// kind "audit".
func (s *Sink) Audit(r audit.Report) error {
	line := appendAudit(s.out.Open(), &r, &s.moments)
	return s.out.Commit(append(line, '\n'))
}

func appendAudit(buf []byte, r *audit.Report, m *moments) []byte {
	l := begin(buf, event.SchemaVersion, m, r.Time, event.KindAudit)
	l = l.numberAlways(`"namespaces":`, uint64(r.Namespaces))
	l = l.number(`"came":`, uint64(r.Came))
	l = l.number(`"went":`, uint64(r.Went))
	l = l.number(`"unreadable":`, uint64(r.Unreadable))
	l = l.number(`"missed":`, r.Missed)
	l = append(strconv.AppendFloat(append(l, `"seconds":`...), r.Elapsed.Seconds(), 'f', 3, 64), ',')
	l = l.flagAlways(`"ok":`, r.Balanced()) // false is a finding here
	l = l.texts(`"notes":`, r.Notes)
	l = l.openList(`"counters":`)
	for i := range r.Lines {
		l = appendAuditLine(l, &r.Lines[i])
	}
	return l.closeList().whole()
}

func appendAuditLine(l line, a *audit.Line) line {
	l = l.open("")
	l = l.textAlways(`"counter":`, a.Counter)
	l = l.numberAlways(`"kernel":`, a.Kernel)
	l = l.numberAlways(`"events":`, a.Events)
	l = l.numberAlways(`"perhaps":`, a.Perhaps)
	l = l.number(`"slack":`, a.Slack)
	l = l.flagAlways(`"ok":`, a.OK)
	l = l.flagAlways(`"exact":`, a.Exact)
	l = l.text(`"note":`, a.Note)
	return l.close()
}
