package cause

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// actor is the process in a summary, or "the application" where none is known.
type actor struct {
	comm  string
	pid   uint32 // 0: unknown
	ended string // "was killed by SIGKILL", "exited (code 1)"; "" alive
}

// name is comm[pid], or "" for an unknown process.
func (a actor) name() string { return a.or("") }

// or returns the process's name, or words for an unknown one.
func (a actor) or(unknown string) string {
	if a.pid == 0 {
		return unknown
	}
	return processRef(a.comm, a.pid)
}

// appendOr appends what or returns.
func (a actor) appendOr(text []byte, unknown string) []byte {
	if a.pid == 0 {
		return append(text, unknown...)
	}
	return appendProcessRef(text, a.comm, a.pid)
}

// caller is the process in whose own system call, or end, it happened.
func caller(e *event.Event) actor { return actingProcess(e, e.Kernel.Current) }

// closer is the process that closed the connection earlier.
func closer(e *event.Event) actor { return actingProcess(e, e.Kernel.Closer) }

// actingProcess is the owner, where the event has one that is known by what it did, else
// the process that the kernel saw. An owner found in a file table merely holds
// the socket: it is not said to have done anything.
func actingProcess(e *event.Event, seen event.Process) actor {
	if e.Owner.PID == 0 || e.Owner.Source != event.FromCloser && e.Owner.Source != event.FromCurrent {
		return actorOf(seen)
	}
	a := actor{comm: e.Owner.Comm, pid: e.Owner.PID, ended: endedOf(e.Owner.Ended)}
	if a.ended == "" && seen.PID == e.Owner.PID {
		a.ended = ending(seen)
	}
	return a
}

// whose socket it is, however that is known.
func whose(e *event.Event) actor {
	if e.Owner.PID == 0 {
		return actor{}
	}
	return actor{comm: e.Owner.Comm, pid: e.Owner.PID}
}

// holder is the process that has the socket now, and so is the one to have done
// something with it. The process that connected or opened it may have passed it on.
func holder(e *event.Event) actor {
	if e.Owner.Source == event.FromConnector || e.Owner.Source == event.FromCreator {
		return actor{}
	}
	return whose(e)
}

// destroyer is who ended a socket that is not its own.
func destroyer(e *event.Event) actor {
	if e.Initiator.PID != 0 {
		return actor{comm: e.Initiator.Comm, pid: e.Initiator.PID}
	}
	return actorOf(e.Kernel.Current)
}

// actorOf never names a kernel thread, which only finishes what somebody else began,
// nor a process that was not seen to act.
func actorOf(p event.Process) actor {
	if p.PID == 0 || p.Kernel || p.Creator {
		return actor{}
	}
	return actor{comm: p.Comm, pid: p.PID, ended: ending(p)}
}

func ending(p event.Process) string {
	if !p.Exiting {
		return ""
	}
	if signal := p.ExitStatus & 0x7f; signal != 0 {
		return "was killed by " + SignalName(signal)
	}
	return fmt.Sprintf("exited (code %d)", p.ExitStatus>>8&0xff)
}

func endedOf(end event.Ended) string {
	switch {
	case end.Signal != "":
		return "was killed by " + end.Signal
	case end.ExitCode != nil:
		return fmt.Sprintf("exited (code %d)", *end.ExitCode)
	}
	return ""
}

// signalNames by number, as Linux numbers them on the machines rsttrace runs on
// (amd64, arm64).
var signalNames = strings.Fields(`
	- SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2
	SIGPIPE SIGALRM SIGTERM SIGSTKFLT SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG
	SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO SIGPWR SIGSYS`)

// SignalName is the name of a Linux signal: "SIGKILL"; "signal 40" for a
// realtime signal.
func SignalName(n uint32) string {
	if n > 0 && int(n) < len(signalNames) {
		return signalNames[n]
	}
	return "signal " + strconv.FormatUint(uint64(n), 10)
}
