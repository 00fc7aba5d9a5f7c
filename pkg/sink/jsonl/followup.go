package jsonl

import "github.com/rsttrace/rsttrace/pkg/event"

// Followup writes what happened to an application after a reset, as a line of
// kind "followup".
func (s *Sink) Followup(f *event.Followup) error {
	line := appendFollowup(s.out.Open(), f)
	return s.out.Commit(append(line, '\n'))
}

func appendFollowup(buf []byte, f *event.Followup) []byte {
	o := &object{append(buf, '{')}
	o.textAlways("kind", "followup")
	o.timestamp("time", f.Time)
	o.numberAlways("event", f.Event)
	o.textAlways("what", string(f.What))
	o.text("errno", f.Errno)
	o.number("pid", uint64(f.PID))
	o.number("tid", uint64(f.TID))
	o.text("comm", f.Comm)
	o.numberAlways("afterMicros", uint64(f.After.Microseconds()))
	o.flag("ended", f.Ended)
	o.close()
	return o.buf
}
