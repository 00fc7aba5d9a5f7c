package jsonl

import (
	"strconv"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Audit writes how events and the kernel's counters reconcile, as a line of
// kind "audit".
func (s *Sink) Audit(a *event.Audit) error {
	line := appendAudit(s.out.Open(), a, &s.moments)
	return s.out.Commit(append(line, '\n'))
}

func appendAudit(buf []byte, a *event.Audit, m *moments) []byte {
	l := begin(buf, event.SchemaVersion, m, &a.Host, a.Time, event.KindAudit)
	l = l.numberAlways(`"namespaces":`, uint64(a.Namespaces))
	l = l.number(`"came":`, uint64(a.Came))
	l = l.number(`"went":`, uint64(a.Went))
	l = l.number(`"unreadable":`, uint64(a.Unreadable))
	l = l.number(`"missed":`, a.Missed)
	l = append(strconv.AppendFloat(append(l, `"seconds":`...), a.Elapsed.Seconds(), 'f', 3, 64), ',')
	l = l.flagAlways(`"ok":`, a.OK) // false is a finding here
	l = l.texts(`"notes":`, a.Notes)
	l = l.openList(`"counters":`)
	for i := range a.Counters {
		l = appendAuditLine(l, &a.Counters[i])
	}
	return l.closeList().whole()
}

func appendAuditLine(l line, c *event.AuditCounter) line {
	l = l.open("")
	l = l.textAlways(`"counter":`, c.Name)
	l = l.numberAlways(`"kernel":`, c.Kernel)
	l = l.numberAlways(`"events":`, c.Counted)
	l = l.numberAlways(`"perhaps":`, c.MayCount)
	l = l.number(`"slack":`, c.Slack)
	l = l.flagAlways(`"ok":`, c.OK)
	l = l.flagAlways(`"exact":`, c.Exact)
	l = l.flag(`"uncompared":`, c.Uncompared)
	l = l.text(`"note":`, c.Note)
	return l.close()
}
