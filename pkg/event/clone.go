package event

import "slices"

// Clone returns a copy of e that shares no memory with it that changes: it stays
// what it is when the stream goes on.
func (e *Event) Clone() *Event {
	c := *e
	c.Because = slices.Clone(e.Because)
	c.Stack = slices.Clone(e.Stack)
	c.PeerSent.Suspects = slices.Clone(e.PeerSent.Suspects)
	c.Owner.Others = slices.Clone(e.Owner.Others)
	c.Owner.UID = clonePointer(e.Owner.UID)
	c.Owner.Ended.ExitCode = clonePointer(e.Owner.Ended.ExitCode)
	c.FormerListener.Ended.ExitCode = clonePointer(e.FormerListener.Ended.ExitCode)
	c.IETFCause = clonePointer(e.IETFCause)
	c.Conn = e.Conn.clone()
	c.PeerHost = e.PeerHost.clone()
	c.Capture.Others = slices.Clone(e.Capture.Others)
	c.Capture.Candidates = slices.Clone(e.Capture.Candidates)
	c.RST = e.RST.clone()
	c.Trigger = e.Trigger.clone()
	c.Kernel.Command = slices.Clone(e.Kernel.Command)
	c.Frames.RST, c.Frames.Trigger = e.Frames.RST.clone(), e.Frames.Trigger.clone()
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

// CopyTo makes to what Clone returns, in the memory that to has from earlier copies.
func (e *Event) CopyTo(to *Event) {
	because, stack, others := to.Because, to.Stack, to.Owner.Others
	inCapture := to.Capture
	uid, code, ietf := to.Owner.UID, to.Owner.Ended.ExitCode, to.IETFCause
	formerCode, suspects := to.FormerListener.Ended.ExitCode, to.PeerSent.Suspects
	rst, trigger, conn, frames := to.RST, to.Trigger, to.Conn, to.Frames
	command := to.Kernel.Command
	*to = *e
	to.Because = copySlice(because, e.Because)
	to.Stack = copySlice(stack, e.Stack)
	to.PeerSent.Suspects = copySlice(suspects, e.PeerSent.Suspects)
	to.Owner.Others = copySlice(others, e.Owner.Others)
	to.Owner.UID = copyPointer(uid, e.Owner.UID)
	to.Owner.Ended.ExitCode = copyPointer(code, e.Owner.Ended.ExitCode)
	to.FormerListener.Ended.ExitCode = copyPointer(formerCode, e.FormerListener.Ended.ExitCode)
	to.IETFCause = copyPointer(ietf, e.IETFCause)
	to.PeerHost = e.PeerHost.clone()
	to.RST.own(&rst)
	to.Trigger.own(&trigger)
	to.Conn.own(&conn)
	to.Kernel.Command = copySlice(command, e.Kernel.Command)
	to.Frames.RST.own(&frames.RST)
	to.Frames.Trigger.own(&frames.Trigger)
	to.Capture.Others = copySlice(inCapture.Others, e.Capture.Others)
	to.Capture.Candidates = copySlice(inCapture.Candidates, e.Capture.Candidates)
}

// own moves what s refers to into the memory of old.
func (s *Segment) own(old *Segment) {
	s.Window = copyPointer(old.Window, s.Window)
	s.SeqOffset = copyPointer(old.SeqOffset, s.SeqOffset)
	s.Reason = copyPointer(old.Reason, s.Reason)
}

// copySlice returns a copy, in room if that is large enough. What is empty stays nil.
func copySlice[T any](room, from []T) []T {
	if len(from) == 0 {
		return nil
	}
	return append(room[:0], from...)
}

// copyPointer returns a pointer to a copy, in room where there is some.
func copyPointer[T any](room, from *T) *T {
	if from == nil {
		return nil
	}
	if room == nil {
		room = new(T)
	}
	*room = *from
	return room
}
