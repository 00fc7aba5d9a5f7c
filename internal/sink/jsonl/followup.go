package jsonl

import "github.com/rsttrace/rsttrace/pkg/event"

// Followup writes what happened to an application after a reset, as a line of
// kind "followup".
func (s *Sink) Followup(f *event.Followup) error {
	line := appendFollowup(s.out.Open(), f, &s.moments)
	return s.out.Commit(append(line, '\n'))
}

func appendFollowup(buf []byte, f *event.Followup, m *moments) []byte {
	l := begin(buf, event.SchemaVersion, m, &f.Host, f.Time, event.KindFollowup)
	l = l.numberAlways(`"event":`, f.Event)
	l = l.number(`"finding":`, f.Finding)
	l = l.textAlways(`"what":`, string(f.Kind))
	l = l.text(`"errno":`, f.Errno)
	l = l.number(`"pid":`, uint64(f.PID))
	l = l.number(`"tid":`, uint64(f.TID))
	l = l.text(`"comm":`, f.Comm)
	l = l.numberAlways(`"afterMicros":`, uint64(f.After.Microseconds()))
	l = l.flag(`"ended":`, f.Ended)
	l = l.flag(`"expected":`, f.Expected)
	l = l.text(`"cause":`, string(f.Cause))
	l = appendEndpoint(l, `"local":`, f.Local)
	return l.whole()
}
