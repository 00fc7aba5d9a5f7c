package event

import "slices"

// Clone returns a copy of e that shares no memory with it that changes: it stays
// what it is when the stream goes on.
func (e *Event) Clone() *Event {
	c := *e
	c.Because = slices.Clone(e.Because)
	c.Stack = slices.Clone(e.Stack)
	c.Owner.Others = slices.Clone(e.Owner.Others)
	c.Owner.UID = clonePointer(e.Owner.UID)
	c.Owner.Ended.ExitCode = clonePointer(e.Owner.Ended.ExitCode)
	c.Conn.UID = clonePointer(e.Conn.UID)
	c.IETFCause = clonePointer(e.IETFCause)
	c.RST = e.RST.clone()
	c.Trigger = e.Trigger.clone()
	return &c
}

func (s *Segment) clone() Segment {
	c := *s
	c.Window = clonePointer(s.Window)
	c.SeqOffset = clonePointer(s.SeqOffset)
	c.Reason = clonePointer(s.Reason)
	return c
}

func clonePointer[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
