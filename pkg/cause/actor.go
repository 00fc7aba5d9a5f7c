package cause

import (
	"strconv"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// actor is the process in a summary, or "the application" where none is known.
type actor struct {
	name  string // comm[pid]; "" unknown
	ended string // "was killed by SIGKILL", "exited with code 1"; "" alive
}

// or returns the process's name, or words for an unknown one.
func (a actor) or(unknown string) string {
	if a.name == "" {
		return unknown
	}
	return a.name
}

// caller is the process in whose own system call, or end, it happened: the
// owner where the event already has one, else the thread that the kernel ran. A
// kernel thread is never named: it only finishes what somebody else began.
func caller(e *event.Event) actor {
	now := e.Kernel.Current
	if e.Owner.PID != 0 {
		a := actor{name: ref(e.Owner.Comm, e.Owner.PID), ended: endedOf(e.Owner.Ended)}
		if a.ended == "" && now.PID == e.Owner.PID {
			a.ended = ending(now)
		}
		return a
	}
	return actorOf(now)
}

// closer is the process that closed the connection earlier.
func closer(e *event.Event) actor {
	if e.Owner.PID != 0 && (e.Owner.Source == event.FromCloser || e.Owner.Source == event.FromCurrent) {
		a := actor{name: ref(e.Owner.Comm, e.Owner.PID), ended: endedOf(e.Owner.Ended)}
		if a.ended == "" && e.Kernel.Closer.PID == e.Owner.PID {
			a.ended = ending(e.Kernel.Closer)
		}
		return a
	}
	return actorOf(e.Kernel.Closer)
}

// holder is the process that has the socket now; only the owner can tell.
func holder(e *event.Event) actor {
	if e.Owner.PID == 0 {
		return actor{}
	}
	return actor{name: ref(e.Owner.Comm, e.Owner.PID)}
}

// destroyer is who ended a socket that is not its own.
func destroyer(e *event.Event) actor {
	if e.By.PID != 0 {
		return actor{name: ref(e.By.Comm, e.By.PID)}
	}
	return actorOf(e.Kernel.Current)
}

func actorOf(p event.Process) actor {
	if p.PID == 0 || p.Kernel {
		return actor{}
	}
	return actor{name: ref(p.Comm, p.PID), ended: ending(p)}
}

func ending(p event.Process) string {
	if !p.Exiting {
		return ""
	}
	if signal := p.ExitStatus & 0x7f; signal != 0 {
		return "was killed by " + SignalName(signal)
	}
	return "exited with code " + strconv.Itoa(int(p.ExitStatus>>8&0xff))
}

func endedOf(end event.Ended) string {
	switch {
	case end.Signal != "":
		return "was killed by " + end.Signal
	case end.ExitCode != nil:
		return "exited with code " + strconv.Itoa(*end.ExitCode)
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
