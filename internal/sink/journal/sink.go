package journal

import (
	"bytes"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/jsonl"
	"github.com/rsttrace/rsttrace/internal/sink/sentence"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Options say where journald listens.
type Options struct {
	Socket string // "": the usual place
	JSON   jsonl.Options
}

// Sink writes entries.
type Sink struct {
	journald sender
	json     *jsonl.Sink
	line     []byte // of the item
	entry    entry
	text     []byte
}

// New returns a Sink. journald need not be there yet.
func New(o Options) (*Sink, error) {
	s := &Sink{}
	s.json = jsonl.NewEach(func(line []byte) error {
		s.line = line
		return nil
	}, o.JSON)
	return s, s.journald.init(o.Socket)
}

// Event writes an entry with the fields that people search for.
func (s *Sink) Event(e *event.Event) error {
	s.text = sentence.AppendEvent(s.text[:0], e)
	return s.send(information, event.KindEvent, string(s.text), s.json.Event(e), func(to entry) entry {
		to = to.number("RSTTRACE_EVENT", e.ID).number("RSTTRACE_FINDING", e.Finding)
		to = to.text("RSTTRACE_CAUSE", string(e.Cause)).text("RSTTRACE_DIRECTION", string(e.Dir))
		to = to.text("RSTTRACE_CERTAINTY", string(e.Certainty)).text("RSTTRACE_REMEDY", e.Remedy)
		to = ends(to, e.Local, e.Peer)
		to = owner(to, &e.Owner).text("RSTTRACE_NETNS", e.Netns.Name)
		to = to.text("RSTTRACE_ERRNO", e.App.Errno)
		return lost(to, &e.Lost)
	})
}

// Followup writes an entry that names the event.
func (s *Sink) Followup(f *event.Followup) error {
	return s.send(information, event.KindFollowup, sentence.Followup(f), s.json.Followup(f), func(to entry) entry {
		to = to.number("RSTTRACE_EVENT", f.Event).number("RSTTRACE_FINDING", f.Finding)
		to = to.text("RSTTRACE_CAUSE", string(f.Cause)).text("RSTTRACE_ERRNO", f.Errno)
		return to.number("RSTTRACE_PID", uint64(f.PID)).text("RSTTRACE_COMM", f.Comm)
	})
}

// Finding writes an entry; one that is not harmless is a warning.
func (s *Sink) Finding(f *event.Finding) error {
	priority := warning
	if f.Harmless {
		priority = information
	}
	return s.send(priority, event.KindFinding, sentence.Finding(f), s.json.Finding(f), func(to entry) entry {
		to = to.number("RSTTRACE_FINDING", f.ID).text("RSTTRACE_PHASE", string(f.Phase)).text("RSTTRACE_PATTERN", string(f.Pattern))
		to = to.text("RSTTRACE_CAUSE", string(f.Cause)).text("RSTTRACE_DIRECTION", string(f.Dir)).number("RSTTRACE_RESETS", f.Resets)
		to = to.text("RSTTRACE_CERTAINTY", string(f.Certainty)).text("RSTTRACE_REMEDY", f.Remedy)
		to = ends(to, f.Local, f.Peer)
		return lost(owner(to, &f.Actor.Owner).text("RSTTRACE_NETNS", f.Netns.Name), &f.Lost)
	})
}

// Totals writes an entry.
func (s *Sink) Totals(t *event.Totals) error {
	return s.send(information, event.KindCounts, sentence.Totals(t), s.json.Totals(t), nil)
}

// Loss writes a warning.
func (s *Sink) Loss(l *event.Loss) error {
	if l.Events == 0 {
		return nil
	}
	return s.send(warning, event.KindLost, sentence.Loss(l), s.json.Loss(l), nil)
}

// Coverage writes nothing: the journal is about one host, and its readers are people.
func (s *Sink) Coverage(*event.Coverage) error { return nil }

// Audit writes an entry; a contradiction is a warning.
func (s *Sink) Audit(a *event.Audit) error {
	priority := warning
	if a.OK {
		priority = information
	}
	return s.send(priority, event.KindAudit, sentence.Audit(a), s.json.Audit(a), nil)
}

// Flush does nothing: each entry is sent at once.
func (s *Sink) Flush(time.Time) error { return nil }

// Interrupt ends a call that waits for journald.
func (s *Sink) Interrupt() { s.journald.interrupt() }

// Close closes the socket.
func (s *Sink) Close() error { return s.journald.close() }

// send writes an entry. failed is the error of the JSON line.
func (s *Sink) send(priority uint64, kind event.Kind, message string, failed error, fields func(entry) entry) error {
	if failed != nil {
		return failed
	}
	e := s.entry[:0]
	e = e.text("MESSAGE", message).number("PRIORITY", priority)
	e = e.text("SYSLOG_IDENTIFIER", "rsttrace").text("RSTTRACE_KIND", string(kind))
	if fields != nil {
		e = fields(e)
	}
	if json := bytes.TrimSuffix(s.line, []byte("\n")); len(json) <= valueMax { // half of it is worth nothing
		e = e.text("RSTTRACE_JSON", string(json))
	}
	s.entry = e
	return s.journald.send(e)
}

func ends(to entry, local, peer event.Endpoint) entry {
	if local.Addr.IsValid() {
		to = to.text("RSTTRACE_LOCAL", local.String())
	}
	if peer.Addr.IsValid() {
		to = to.text("RSTTRACE_PEER", peer.String())
	}
	return to
}

func owner(to entry, o *event.Owner) entry {
	to = to.number("RSTTRACE_PID", uint64(o.PID)).text("RSTTRACE_COMM", o.Comm)
	return to.text("RSTTRACE_UNIT", o.Unit).text("RSTTRACE_CONTAINER", o.Container).text("RSTTRACE_POD", o.Pod).text("RSTTRACE_WORKLOAD", o.Workload)
}

func lost(to entry, l *event.Lost) entry {
	to = to.number("RSTTRACE_UNREAD_BYTES", uint64(l.UnreadBytes)).number("RSTTRACE_UNSENT_BYTES", uint64(l.UnsentBytes))
	return to.number("RSTTRACE_UNACKED_BYTES", uint64(l.UnackedBytes))
}
