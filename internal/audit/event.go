package audit

import "github.com/rsttrace/rsttrace/pkg/event"

// Event is the report in the form in which it flows to sinks.
func (r *Report) Event() *event.Audit {
	a := &event.Audit{
		Time: r.Time.UTC(), Elapsed: r.Elapsed, Namespaces: r.Namespaces, Came: r.Came, Went: r.Went, Unreadable: r.Unreadable,
		Missed: r.Missed, OK: r.Balanced(), Notes: r.Notes,
	}
	for i := range r.Rows {
		l := &r.Rows[i]
		a.Counters = append(a.Counters, event.AuditCounter{
			Name: l.Counter, Kernel: l.Kernel, Counted: l.Counted, MayCount: l.MayCount, Slack: l.Slack, OK: l.OK, Exact: l.Exact, Uncompared: l.Uncompared, Note: l.Note,
		})
	}
	return a
}
