package tracing

import (
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// followupWindow is how long after a reset a SIGPIPE still counts as its
	// consequence. A process that writes once a minute gets it a minute later,
	// but by then another broken pipe is as likely.
	followupWindow = 5 * time.Second
	// resetsMax, signalsMax and errorsMax bound the memory.
	resetsMax  = 1024
	signalsMax = 256
	errorsMax  = 256
)

// followups links what happens to processes with the resets of their
// connections. A signal names no socket, so process and time decide: it belongs
// to the process's latest reset. A process that handles the signal and writes on
// gets one for every write: the first is reported, and the one that ends it. An
// error names its reset; it is reported unless the event says so already.
type followups struct {
	writesFail recentResets      // after these the next write of the process fails
	errorOpen  recentResets      // of these the kernel has not said yet which error they leave
	signals    []event.Signal    // in order, that wait until all events before them are shown
	errors     []event.LateError // the same
}

// recentResets keeps the latest events.
type recentResets struct {
	ring [resetsMax]shownReset
	last uint64 // how many were put into it
}

func (r *recentResets) add(s shownReset) {
	r.ring[r.last%resetsMax] = s
	r.last++
}

// latest returns the latest that fits, or nil.
func (r *recentResets) latest(fits func(*shownReset) bool) *shownReset {
	for i := range min(r.last, resetsMax) {
		if s := &r.ring[(r.last-1-i)%resetsMax]; fits(s) {
			return s
		}
	}
	return nil
}

// shownReset is an event that was shown and that something may follow.
type shownReset struct {
	time        time.Time
	id          uint64
	hasFollowup bool // it has a follow-up
	pid         uint32
	tid         uint32
	comm        string
	others      []event.ProcessRef
	cause       event.CauseID
	local       event.Endpoint
	errno       string // that the event says; "": it cannot know
	socket      uint64
	hookNanos   uint64 // HookNanos
}

// remember takes an event that was shown.
func (f *followups) remember(e *event.Event) {
	breaks := e.Owner.PID != 0 && breaksPipe(e.App)
	open := mayReportError(e) && !e.App.Reported
	if !breaks && !open {
		return
	}
	s := shownReset{
		time: e.Time, id: e.ID, pid: e.Owner.PID, tid: e.Owner.TID, comm: e.Owner.Comm,
		others: e.Owner.Others, cause: e.Cause, local: e.Local,
		errno: e.App.Errno, socket: e.Kernel.Socket.Address, hookNanos: e.Kernel.HookNanos,
	}
	if breaks {
		f.writesFail.add(s)
	}
	if !open {
		return
	}
	f.errorOpen.add(s)
	if r := e.Kernel.ReportedError; r.Errno != "" {
		f.addErrors(event.LateError{SocketError: r, Time: e.Time.Add(r.After), Socket: s.socket, HookNanos: s.hookNanos})
	}
}

// breaksPipe: the error is reported once; writes after that get SIGPIPE. A
// connection that was refused has none.
func breaksPipe(app event.App) bool {
	return app.SIGPIPE || app.Errno != "" && app.ErrorCall != "connect"
}

// addSignals takes new signals.
func (f *followups) addSignals(signals []event.Signal) {
	f.signals = append(f.signals, signals[:min(len(signals), signalsMax-len(f.signals))]...)
}

// emitBefore gives a sink the follow-ups whose events have all been shown: those of errors
// and signals before a moment, the zero time for all.
func (f *followups) emitBefore(moment time.Time, to event.Sink) error {
	if err := f.emitErrorsBefore(moment, to); err != nil {
		return err
	}
	return f.emitSignalsBefore(moment, to)
}

func (f *followups) emitSignalsBefore(moment time.Time, to event.Sink) error {
	done := 0
	for done < len(f.signals) && (moment.IsZero() || f.signals[done].Time.Before(moment)) {
		s := &f.signals[done]
		done++
		if r := f.resetBefore(s); r != nil && (!r.hasFollowup || s.Fatal) {
			followup := r.followup(s)
			r.hasFollowup = true
			if err := to.Followup(&followup); err != nil {
				return err
			}
		}
	}
	f.signals = slices.Delete(f.signals, 0, done)
	return nil
}

// resetBefore is the latest reset of the process that s may follow from.
func (f *followups) resetBefore(s *event.Signal) *shownReset {
	return f.writesFail.latest(func(r *shownReset) bool {
		after := s.Time.Sub(r.time)
		return after >= 0 && after <= followupWindow && r.heldBy(s.Process.PID)
	})
}

func (r *shownReset) heldBy(pid uint32) bool {
	return r.pid == pid || slices.ContainsFunc(r.others, func(p event.ProcessRef) bool { return p.PID == pid })
}

func (r *shownReset) followup(s *event.Signal) event.Followup {
	return event.Followup{
		Time: s.Time, Event: r.id, Kind: event.GotSIGPIPE,
		PID: s.Process.PID, TID: s.Process.TID, Comm: s.Process.Comm,
		After: s.Time.Sub(r.time), Ended: s.Fatal, Cause: r.cause, Local: r.local,
	}
}
