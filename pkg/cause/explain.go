package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// Explain decides the cause of e from e.Evidence and writes what a person
// reads: Cause, Dir, Certainty, Because, Summary, Remedy, App, KernelVerdict
// and IETFCause. Every other field is left alone.
//
// It may be called again when more is known, for example once Owner or Initiator is
// filled: the same event gives the same text, a better known one a better text.
func Explain(e *event.Event) {
	var x Explainer
	x.Explain(e)
}

// becauseOf lists what a likely cause rests on, and beside an exact one what the
// flow memory knows of the address: it does not decide there.
func becauseOf(e *event.Event, v *Verdict) []string {
	if e.Evidence.Socket != event.SockNone {
		return v.Because
	}
	switch v.Cause {
	case ClosedPort:
		if line := formerSocket(e); line != "" {
			return []string{line}
		}
	case StraySynAck:
		if line := closedBefore(e); line != "" {
			return []string{line}
		}
	}
	return v.Because
}
