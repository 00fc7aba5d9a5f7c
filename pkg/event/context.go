package event

import "time"

// KernelContext is what the kernel record told beside evidence and schema
// fields. The zero value of each field means "not known".
type KernelContext struct {
	Current Process // who ran at the hook; only set where the socket was owned by its system call
	// Command is how the command line of Current begins, with a zero behind each argument.
	// Only of a process that acts on the socket of another one.
	Command []byte
	Closer  Process // who closed the connection earlier, from the kernel-side notes
	// Closing is how the connection ended earlier: how Closer closed it, or what
	// else ended it. For a SYN to a closed port it is about the listener that was
	// there.
	Closing Closing
	// Connector called connect for the socket, and may have passed it on since.
	Connector Process
	Socket    SocketRef
	// Listener is where the connection waits to be accepted: nobody holds its
	// own socket yet.
	Listener SocketRef
	Cgroup   uint64 // cgroup v2 id of the socket
	// OwnerCgroup is the cgroup v2 id of the process that was found to be the
	// owner, as it was when that process was seen: it may be gone by now.
	OwnerCgroup uint64
	// PendingErrno is the error that was on the socket at the hook, Reported the one
	// that the kernel reported on it afterwards.
	PendingErrno  string
	ReportedError SocketError
	// OtherEndCause is the cause of PeerEvent's event, if it is known. It stays if that
	// event is not shown.
	OtherEndCause CauseID
	// OtherEndHidden: the other end is on this host, too, and its event is not shown
	// because of what was asked for.
	OtherEndHidden bool
	// PeerListens: a moment after the event something listened at Peer, which is on
	// this host. It may have begun in that moment.
	PeerListens bool
	// HookNanos is when the hook ran, by CLOCK_MONOTONIC.
	HookNanos uint64

	UserTimeoutMillis uint32 // TCP_USER_TIMEOUT
	// RcvNxt and Window are what the socket expects next from the peer, and how
	// much of the receive window is left from there on. Where Window is 0 and
	// RcvNxt is 0 they are not known (a request socket behind its listener).
	RcvNxt uint32
	Window uint32
	SndUna uint32
	SndNxt uint32
}

// Closing is how a connection was closed, or ended.
type Closing struct {
	Ago         time.Duration // before the event; 0: not known
	Precision   time.Duration // how exact Ago is
	From, To    State
	Unread      bool // with data unread
	LingerZero  bool // with SO_LINGER {1,0}
	EndedBy     EndedBy
	OwnerClosed bool   // it was open, and its owner called close or ended
	Role        Role   // of this end; "": not known
	IdleMillis  uint64 // without data in either direction before it, at least 1; 0: not known
}

// EndedBy is what ended a connection.
type EndedBy uint8

// The values of enum ended_by in bpf/record.h.
const (
	EndedByProcess EndedBy = iota // or it is not known
	EndedByReset                  // a RST came, or data that drew one
	EndedByTimeout                // a timer gave it up
)

// Process is a thread as the kernel knew it at the hook.
type Process struct {
	PID, TID uint32 // of the initial pid namespace; PID is the thread group
	Comm     string // of the process, whatever the thread is called
	UID      uint32
	Cgroup   uint64 // cgroup v2 id; 0: not known
	Kernel   bool   // a kernel thread, or one that only looked at the file: never an owner
	Creator  bool   // it opened the socket's file; it was not seen to close it
	Exiting  bool   // it was ending, and its end closed the socket
	// ExitStatus is the wait status of an exiting process: low 7 bits the
	// signal, next 8 bits the exit code.
	ExitStatus uint32
	KilledBy   Killer // if a signal ended it
	Parent     ProcessRef
}

// Known reports whether a process was recorded at all.
func (p Process) Known() bool { return p.PID != 0 || p.Kernel }

// SocketRef identifies a kernel socket while it lives.
type SocketRef struct {
	Address uint64 // of struct sock; never shown to people
	Inode   uint64 // of the socket file; 0 when no file is left
	Cookie  uint64
}

// SocketError is an error that the kernel reported on the socket of an earlier
// event (sk_error_report; Linux 5.14 and later tell).
type SocketError struct {
	Errno string        // "ECONNRESET"
	After time.Duration // since the hook
}

// LateError is a SocketError that came when its event had been read already.
type LateError struct {
	SocketError
	Time time.Time
	// Socket and HookNanos are those of the event.
	Socket    uint64
	HookNanos uint64
}

// Holder is a process that holds, or closed, the socket of an earlier event.
type Holder struct {
	Socket  SocketRef // without Cookie
	Process Process
	Started uint64 // when the process did: who started later has the greater number
	Closed  bool   // it closed the socket; else a descriptor of it refers to the socket
}
