package event

import "time"

// KernelContext is what the kernel record told beside evidence and schema
// fields. The zero value of each field means "not known".
type KernelContext struct {
	Current Process // who ran at the hook; only set where the socket was owned by its system call
	Closer  Process // who closed the connection earlier, from the kernel-side notes
	// ClosedFor is how long before the event Closer closed the connection.
	ClosedFor time.Duration
	Socket    SocketRef
	Cgroup    uint64 // cgroup v2 id of the socket
	Mark      uint32
	UID       uint32 // creator of the socket
	UIDKnown  bool

	UserTimeoutMillis uint32 // TCP_USER_TIMEOUT
	RcvNxt            uint32
	SndUna            uint32
	SndNxt            uint32
}

// Process is a thread as the kernel knew it at the hook.
type Process struct {
	PID, TID uint32 // of the initial pid namespace; PID is the thread group
	Comm     string
	UID      uint32
	Kernel   bool // a kernel thread: never an owner
	Exiting  bool // it was ending, and its end closed the socket
	// ExitStatus is the wait status of an exiting process: low 7 bits the
	// signal, next 8 bits the exit code.
	ExitStatus uint32
}

// Known reports whether a process was recorded at all.
func (p Process) Known() bool { return p.PID != 0 || p.Kernel }

// SocketRef identifies a kernel socket while it lives.
type SocketRef struct {
	Address uint64 // of struct sock; never shown to people
	Inode   uint64 // of the socket file; 0 when no file is left
	Cookie  uint64
}

// Holder is a process that holds, or closed, the socket of an earlier event.
type Holder struct {
	Socket  SocketRef // Inode is 0 where the socket was closed
	Process Process
	Closed  bool // it closed the socket; else a descriptor of it refers to the socket
}
