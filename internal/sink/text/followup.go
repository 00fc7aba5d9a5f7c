package text

import (
	"strconv"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Followup writes what happened to an application after a reset. Other events
// may have come between, so it says after which one, and which connection it was:
//
//	03:12:45.127 … 4 ms later worker[99] got SIGPIPE and was terminated by it (#3, 10.0.0.5:39822, wrote-after-peer-close)
//	03:12:45.127 … 87 µs later the kernel reported ECONNRESET on the socket of worker[99] (#3, 10.0.0.5:39822, peer-aborted)
//
// An error that the event names already is not worth a line.
func (s *Sink) Followup(f *event.Followup) error {
	if f.Expected {
		return nil
	}
	p := &s.page
	p.begin(s.out.Open())
	s.newDay(f.Time)
	p.text(s.style.faint, f.Time.In(s.options.Location).Format(clock))
	p.space(1)
	p.text("", s.glyph.more)
	p.space(1)
	p.words("", s.followupText(f), dirColumn+cells(s.glyph.more)+1)
	return s.out.Commit(p.end())
}

func (s *Sink) followupText(f *event.Followup) string {
	number := f.Event
	if s.options.Fold {
		number = f.Finding
	}
	return s.afterText(f) + " (" + eventNumber(number) + ", " + clean(f.Local.String()) + ", " + clean(string(f.Cause)) + ")"
}

// afterText is what happened, without the event that it followed.
func (s *Sink) afterText(f *event.Followup) string {
	text := s.delay(f.After) + " later "
	switch f.Kind {
	case event.GotError:
		text += "the kernel reported " + clean(f.Errno) + " on the socket"
		if f.PID != 0 {
			text += " of " + processText(f.PID, f.Comm)
		}
	default:
		text += processText(f.PID, f.Comm) + " got SIGPIPE"
	}
	if f.Ended {
		text += " and was terminated by it"
	}
	return text
}

// delay is a duration in the largest unit that leaves a whole number, one
// decimal from a second on.
func (s *Sink) delay(d time.Duration) string {
	switch {
	case d >= time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d >= time.Millisecond:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	default:
		return strconv.FormatInt(d.Microseconds(), 10) + " " + s.glyph.micros
	}
}
