package otlp

import (
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/sentence"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Names of the events.
const (
	nameReset    = "tcp.reset"
	nameFollowup = "tcp.reset.followup"
	nameFinding  = "tcp.reset.finding"
	nameCounts   = "rsttrace.counts"
	nameLost     = "rsttrace.lost"
	nameAudit    = "rsttrace.audit"
	nameCoverage = "rsttrace.coverage"
)

// severity is a severity number of OpenTelemetry.
type severity uint64

const (
	information severity = 9
	warning     severity = 13
)

func (s severity) String() string {
	if s == warning {
		return "WARN"
	}
	return "INFO"
}

// records encodes log records.
type records struct {
	attributes attributes
	record     message
	body       message
	text       []byte
	now        func() time.Time
}

// begin empties the room for attributes.
func (r *records) begin() *attributes {
	r.attributes.message, r.attributes.field = r.attributes.message[:0], recordAttributes
	return &r.attributes
}

// end returns the record. It is valid until the next one.
func (r *records) end(at time.Time, name string, level severity, body string) message {
	r.body = r.body[:0].text(anyString, body)
	m := r.record[:0]
	m = m.fixed64(recordTime, nanos(at))
	m = m.number(recordSeverity, uint64(level))
	m = m.text(recordSeverityText, level.String())
	m = m.inner(recordBody, r.body)
	m = append(m, r.attributes.message...)
	m = m.fixed64(recordObservedTime, nanos(r.now()))
	r.record = m.text(recordEventName, name)
	return r.record
}

// nanos is 0, not known, before 1970.
func nanos(t time.Time) uint64 { return uint64(max(t.UnixNano(), 0)) }

func (r *records) event(e *event.Event) message {
	a := r.begin()
	a.number("rsttrace.id", e.ID)
	verdict(a, e.Dir, e.Cause, e.Certainty, e.Because, e.Remedy)
	a.truth("rsttrace.confirmed", e.Confirmed)
	a.text("network.type", string(e.Family))
	ends(a, e.Local, e.Peer)
	if e.State != 0 {
		a.text("rsttrace.state", e.State.String())
	}
	a.text("error.type", e.App.Errno)
	owner(a, &e.Owner)
	a.number("rsttrace.by.pid", uint64(e.Initiator.PID))
	a.text("rsttrace.by.comm", e.Initiator.Comm)
	a.text("rsttrace.chain", e.Chain)
	a.truth("rsttrace.forwarded", e.Forwarded)
	a.number("rsttrace.peer_event", e.PeerEvent)
	a.text("rsttrace.peer_sent", string(e.PeerSent.Verdict))
	a.number("rsttrace.finding", e.Finding)
	a.number("rsttrace.earlier.event", e.Earlier.Event)
	netns(a, e.Netns)
	lost(a, &e.Lost)
	connection(a, &e.Conn)
	segment(a, "rsttrace.rst.", &e.RST)
	segment(a, "rsttrace.trigger.", &e.Trigger)
	a.text("rsttrace.hook", e.Hook)
	a.text("rsttrace.via", string(e.Via))
	a.text("rsttrace.kernel_reason", e.KernelReason)
	a.text("rsttrace.community_id", e.CommunityID)
	a.texts("rsttrace.stack", e.Stack)
	r.text = sentence.AppendEvent(r.text[:0], e)
	return r.end(e.Time, nameReset, information, string(r.text))
}

func (r *records) followup(f *event.Followup) message {
	a := r.begin()
	a.number("rsttrace.id", f.Event)
	a.number("rsttrace.finding", f.Finding)
	a.text("rsttrace.what", string(f.Kind))
	a.text("rsttrace.cause", string(f.Cause))
	a.text("error.type", f.Errno)
	a.number("process.pid", uint64(f.PID))
	a.text("process.executable.name", f.Comm)
	a.truth("rsttrace.ended", f.Ended)
	a.truth("rsttrace.expected", f.Expected)
	end(a, "network.local.", f.Local)
	return r.end(f.Time, nameFollowup, information, sentence.Followup(f))
}

func (r *records) finding(f *event.Finding) message {
	a := r.begin()
	a.number("rsttrace.finding", f.ID)
	a.text("rsttrace.phase", string(f.Phase))
	a.text("rsttrace.pattern", string(f.Pattern))
	verdict(a, f.Dir, f.Cause, f.Certainty, f.Because, f.Remedy)
	a.truth("rsttrace.harmless", f.Harmless)
	a.numberAlways("rsttrace.resets", f.Resets)
	a.number("rsttrace.id", f.Event)
	a.number("rsttrace.after", f.After)
	ends(a, f.Local, f.Peer)
	owner(a, &f.Actor.Owner)
	a.number("rsttrace.victim.pid", uint64(f.Victim.Owner.PID))
	a.text("rsttrace.victim.comm", f.Victim.Owner.Comm)
	netns(a, f.Netns)
	lost(a, &f.Lost)
	if len(f.Errors) > 0 {
		a.text("error.type", f.Errors[0].Errno)
	}
	level := warning
	if f.Harmless {
		level = information
	}
	return r.end(f.Time, nameFinding, level, sentence.Finding(f))
}

func (r *records) totals(t *event.Totals) message {
	a := r.begin()
	a.numberAlways("rsttrace.events", t.Events())
	a.numberAlways("rsttrace.shown", t.Shown)
	a.numberAlways("rsttrace.not_shown", t.NotShown)
	a.numberAlways("rsttrace.lost_events", t.Lost)
	a.numberAlways("rsttrace.missed", t.Missed)
	return r.end(t.Time, nameCounts, information, sentence.Totals(t))
}

func (r *records) loss(l *event.Loss) message {
	r.begin().numberAlways("rsttrace.lost_events", l.Events)
	return r.end(l.Time, nameLost, warning, sentence.Loss(l))
}

func (r *records) coverage(c *event.Coverage) message {
	a := r.begin()
	a.text("rsttrace.phase", string(c.Phase))
	dirs := make([]string, len(c.Dirs))
	for i, dir := range c.Dirs {
		dirs[i] = string(dir)
	}
	a.texts("rsttrace.dirs", dirs)
	a.text("rsttrace.filter", c.Filter)
	a.number("rsttrace.max_rate", uint64(c.MaxRate))
	a.texts("rsttrace.limits", c.Limits)
	a.number("rsttrace.lost_events", c.Lost)
	a.number("rsttrace.missed", c.Missed)
	a.truth("rsttrace.held_back", c.HeldBack)
	addresses := make([]string, len(c.Addresses))
	for i, addr := range c.Addresses {
		addresses[i] = addr.String()
	}
	a.texts("rsttrace.addresses", addresses)
	a.truth("rsttrace.forwards", c.Forwards)
	return r.end(c.Time, nameCoverage, information, sentence.Coverage(c))
}

func (r *records) audit(a *event.Audit) message {
	level := warning
	if a.OK {
		level = information
	}
	r.begin().truth("rsttrace.ok", a.OK)
	return r.end(a.Time, nameAudit, level, sentence.Audit(a))
}
