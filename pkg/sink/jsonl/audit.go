package jsonl

import (
	"strconv"

	"github.com/rsttrace/rsttrace/pkg/audit"
)

// Audit writes how events and the kernel's counters reconcile, as a line of
// kind "audit".
func (s *Sink) Audit(r audit.Report) error {
	line := appendAudit(s.out.Open(), &r)
	return s.out.Commit(append(line, '\n'))
}

func appendAudit(buf []byte, r *audit.Report) []byte {
	o := &object{append(buf, '{')}
	o.textAlways("kind", "audit")
	o.numberAlways("namespaces", uint64(r.Namespaces))
	o.number("came", uint64(r.Came))
	o.number("went", uint64(r.Went))
	o.number("unreadable", uint64(r.Unreadable))
	o.key("seconds")
	o.buf = strconv.AppendFloat(o.buf, r.Elapsed.Seconds(), 'f', 3, 64)
	o.boolean("ok", r.Balanced())
	o.texts("notes", r.Notes)
	o.key("counters")
	o.buf = append(o.buf, '[')
	for i := range r.Lines {
		if i > 0 {
			o.buf = append(o.buf, ',')
		}
		appendAuditLine(o, &r.Lines[i])
	}
	o.buf = append(o.buf, ']')
	o.close()
	return o.buf
}

func appendAuditLine(o *object, l *audit.Line) {
	o.buf = append(o.buf, '{')
	o.textAlways("counter", l.Counter)
	o.numberAlways("kernel", l.Kernel)
	o.numberAlways("events", l.Events)
	o.numberAlways("perhaps", l.Perhaps)
	o.number("slack", l.Slack)
	o.boolean("ok", l.OK)
	o.boolean("exact", l.Exact)
	o.text("note", l.Note)
	o.close()
}

// boolean writes also false: here it is a finding.
func (o *object) boolean(name string, value bool) {
	o.key(name)
	o.buf = strconv.AppendBool(o.buf, value)
}
