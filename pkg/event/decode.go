package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// ErrKind is the error for a line whose kind this version does not know. Newer
// versions write such lines, so readers pass over them.
var ErrKind = errors.New("unknown kind of line")

// Decode reads one line of JSON and gives what it holds to a sink: it is the
// reverse of the JSON sink. Fields that this version does not know are passed
// over. The error is that of the line, or the sink's as a *SinkError.
func Decode(line []byte, to Sink) error {
	var head struct {
		Schema *int `json:"schema"`
		Kind   Kind `json:"kind"`
	}
	if !bytes.HasPrefix(line, []byte("{")) {
		return errors.New("not a line of rsttrace: it does not begin with {")
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return fmt.Errorf("not a line of rsttrace: %w", err)
	}
	switch {
	case head.Schema == nil || head.Kind == "" && *head.Schema > 1:
		return errors.New("not a line of rsttrace: it has no schema or no kind")
	case *head.Schema > SchemaVersion:
		return fmt.Errorf("schema %d is newer than this rsttrace, which reads up to %d: install a newer one", *head.Schema, SchemaVersion)
	case *head.Schema < SchemaVersion:
		return fmt.Errorf("schema %d is older than this rsttrace, which reads %d only: see docs/event-schema.md for what changed", *head.Schema, SchemaVersion)
	}
	switch head.Kind {
	case KindEvent:
		return decodeTo(line, to.Event)
	case KindFollowup:
		return decodeTo(line, to.Followup)
	case KindFinding:
		return decodeTo(line, to.Finding)
	case KindCounts:
		return decodeTo(line, to.Totals)
	case KindLost:
		return decodeTo(line, to.Loss)
	case KindAudit:
		return decodeTo(line, to.Audit)
	case KindCoverage:
		return decodeTo(line, to.Coverage)
	default:
		return fmt.Errorf("%w %q", ErrKind, head.Kind)
	}
}

// SinkError is an error of the sink that Decode gave a line to.
type SinkError struct{ Err error }

func (e *SinkError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the sink.
func (e *SinkError) Unwrap() error { return e.Err }

func decodeTo[T any](line []byte, give func(*T) error) error {
	var item T
	if err := json.Unmarshal(line, &item); err != nil {
		return fmt.Errorf("not a line of rsttrace: %w", err)
	}
	if err := give(&item); err != nil {
		return &SinkError{err}
	}
	return nil
}

// UnmarshalJSON reads a line of kind "followup".
func (f *Followup) UnmarshalJSON(text []byte) error {
	var l struct {
		Host
		Time        time.Time    `json:"time"`
		Event       uint64       `json:"event"`
		Finding     uint64       `json:"finding"`
		What        FollowupKind `json:"what"`
		Errno       string       `json:"errno"`
		PID         uint32       `json:"pid"`
		TID         uint32       `json:"tid"`
		Comm        string       `json:"comm"`
		AfterMicros uint64       `json:"afterMicros"`
		Ended       bool         `json:"ended"`
		Expected    bool         `json:"expected"`
		Cause       CauseID      `json:"cause"`
		Local       Endpoint     `json:"local"`
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return err
	}
	*f = Followup{
		Host: l.Host, Time: l.Time, Event: l.Event, Finding: l.Finding, Kind: l.What, PID: l.PID, TID: l.TID, Comm: l.Comm, After: micros(l.AfterMicros),
		Ended: l.Ended, Errno: l.Errno, Expected: l.Expected, Cause: l.Cause, Local: l.Local,
	}
	return nil
}

func micros(n uint64) time.Duration { return time.Duration(n) * time.Microsecond }

// UnmarshalJSON reads a line of kind "counts".
func (t *Totals) UnmarshalJSON(text []byte) error {
	var l struct {
		Host
		Time        time.Time   `json:"time"`
		Causes      []Count     `json:"causes"`
		Shown       uint64      `json:"shown"`
		NotShown    uint64      `json:"notShown"`
		LostEvents  uint64      `json:"lostEvents"`
		Missed      uint64      `json:"missed"`
		NotSought   uint64      `json:"ownersNotSought"`
		NotCounted  []string    `json:"notCounted"`
		LostRecords LostRecords `json:"lostRecords"`
		Top         *Tops       `json:"top"`
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return err
	}
	*t = Totals{
		Host: l.Host, Time: l.Time, Counts: l.Causes, Shown: l.Shown, NotShown: l.NotShown, Lost: l.LostEvents, Missed: l.Missed, OwnersNotSought: l.NotSought, NotCounted: l.NotCounted, LostRecords: l.LostRecords, Tops: l.Top,
	}
	return nil
}

// UnmarshalJSON reads a row of a table of the most frequent.
func (r *TopRow) UnmarshalJSON(text []byte) error {
	var l struct {
		Owner Owner   `json:"owner"`
		Netns Netns   `json:"netns"`
		Dir   Dir     `json:"dir"`
		Cause CauseID `json:"cause"`
		Count uint64  `json:"events"`
		Peer  struct {
			Addr netip.Addr `json:"addr"`
		} `json:"peer"`
		Local struct {
			Port uint16 `json:"port"`
		} `json:"local"`
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return err
	}
	*r = TopRow{Dir: l.Dir, Cause: l.Cause, Events: l.Count, Netns: l.Netns, Owner: l.Owner, Peer: l.Peer.Addr, Port: l.Local.Port}
	return nil
}

// UnmarshalJSON reads a line of kind "audit".
func (a *Audit) UnmarshalJSON(text []byte) error {
	var l struct {
		Host
		Time       time.Time `json:"time"`
		Namespaces int       `json:"namespaces"`
		Came       int       `json:"came"`
		Went       int       `json:"went"`
		Unreadable int       `json:"unreadable"`
		Missed     uint64    `json:"missed"`
		Seconds    float64   `json:"seconds"`
		OK         bool      `json:"ok"`
		Notes      []string  `json:"notes"`
		Counters   []struct {
			Counter string `json:"counter"`
			Kernel  uint64 `json:"kernel"`
			Events  uint64 `json:"events"`
			Perhaps uint64 `json:"perhaps"`
			Slack   uint64 `json:"slack"`
			OK      bool   `json:"ok"`
			Exact   bool   `json:"exact"`

			Uncompared bool `json:"uncompared"`

			Note string `json:"note"`
		} `json:"counters"`
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return err
	}
	*a = Audit{
		Host: l.Host, Time: l.Time, Elapsed: (time.Duration(l.Seconds*1e6) * time.Microsecond).Round(time.Millisecond),
		Namespaces: l.Namespaces, Came: l.Came, Went: l.Went, Unreadable: l.Unreadable, Missed: l.Missed, OK: l.OK, Notes: l.Notes,
	}
	for _, c := range l.Counters {
		a.Counters = append(a.Counters, AuditCounter{
			Name: c.Counter, Kernel: c.Kernel, Counted: c.Events, MayCount: c.Perhaps, Slack: c.Slack, OK: c.OK, Exact: c.Exact, Uncompared: c.Uncompared, Note: c.Note,
		})
	}
	return nil
}
