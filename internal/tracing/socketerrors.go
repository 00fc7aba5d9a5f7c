package tracing

import (
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// mayReportError: an error on the socket would say more than the event, or other.
// An event without an errno says that nobody is left to get one, but for MPTCP:
// a subflow does not know.
func mayReportError(e *event.Event) bool {
	return e.App.Errno != "" || e.Evidence.Has(event.FactMPTCP) && !e.Evidence.Has(event.FactDead)
}

// markReported notes on an event what the kernel has said of the error that it names.
// A socket that is answered on, or aborted by an older kernel, has it already
// when the hook runs.
func markReported(e *event.Event) {
	k := &e.Kernel
	said := k.ReportedError.Errno
	if said == "" && e.Evidence.Hook != event.HookReceive {
		said = k.PendingErrno
	}
	e.App.Reported = said != "" && said == e.App.Errno
}

// errorPatience is how long an event waits for the error that the kernel reports within
// the function that resets. On a quiet machine the event may be read before it.
const errorPatience = 2 * time.Millisecond

// awaitsError reports whether the kernel may still report the error of e: to the
// application, if one has the socket.
func (t *Tracer) awaitsError(e *event.Event, now time.Time) bool {
	return e.Evidence.Hook == event.HookReceive && !e.Evidence.Has(event.FactDead) && t.visibility.known && t.visibility.sees.Errors &&
		e.Kernel.ReportedError.Errno == "" && now.Sub(e.Time).Abs() < errorPatience
}

// attachErrors gives errors that came late to their events, if these still wait;
// else they follow.
func (t *Tracer) attachErrors(errors []event.LateError) {
	for _, late := range errors {
		if e := t.queue.findByHook(late.Socket, late.HookNanos); e != nil {
			e.Kernel.ReportedError = late.SocketError
			continue
		}
		t.followups.addErrors(late)
	}
}

// addErrors takes new errors.
func (f *followups) addErrors(errors ...event.LateError) {
	f.errors = append(f.errors, errors[:min(len(errors), errorsMax-len(f.errors))]...)
}

// emitErrorsBefore gives a sink the errors before a moment, the zero time for all.
func (f *followups) emitErrorsBefore(moment time.Time, to event.Sink) error {
	done := 0
	for done < len(f.errors) && (moment.IsZero() || f.errors[done].Time.Before(moment)) {
		late := &f.errors[done]
		done++
		r := f.errorOpen.latest(func(r *shownReset) bool { return r.hookNanos == late.HookNanos && r.socket == late.Socket })
		if r == nil {
			continue
		}
		if err := to.Followup(&event.Followup{
			Time: late.Time, Event: r.id, Kind: event.GotError, Errno: late.Errno, Expected: r.errno == late.Errno,
			PID: r.pid, TID: r.tid, Comm: r.comm, After: late.After, Cause: r.cause, Local: r.local,
		}); err != nil {
			return err
		}
	}
	f.errors = slices.Delete(f.errors, 0, done)
	return nil
}
