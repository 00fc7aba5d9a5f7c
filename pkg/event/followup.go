package event

import "time"

// Signal is a SIGPIPE that the kernel sent to a process for what that wrote.
type Signal struct {
	Time    time.Time
	Process Process
	// Fatal: the signal has its default action, is not blocked, and no debugger
	// watches: the process ends by it.
	Fatal bool
}

// Followup is what happened to an application after a reset.
type Followup struct {
	Host
	Time  time.Time
	Event uint64 // ID of the reset
	// Finding is the number of the incident that the reset is part of, 0 where there are
	// no findings.
	Finding uint64
	Kind    FollowupKind
	PID     uint32 // as in Owner; 0: not known
	TID     uint32
	Comm    string
	After   time.Duration // since the reset
	Ended   bool          // it is the end of the process
	Errno   string        // of GotError
	// Expected: the event has that Errno; it was reported too late to say so.
	Expected bool

	// What the reset was, for readers without its event at hand.
	Cause CauseID
	Local Endpoint
}

// FollowupKind says what happened.
type FollowupKind string

const (
	// GotSIGPIPE: a write of the process was answered with SIGPIPE.
	GotSIGPIPE FollowupKind = "sigpipe"
	// GotError: the kernel reported an error on the socket, and the event does not
	// say so.
	GotError FollowupKind = "error"
)
