package actor

import "net/netip"

// Op is one thing an actor can do.
type Op string

const (
	OpSocket      Op = "socket"           // Family, N (protocol; 0 is TCP) → FD; calls on it give up after 30 s with EAGAIN
	OpBind        Op = "bind"             // FD, Addr
	OpListen      Op = "listen"           // FD, N (backlog)
	OpAccept      Op = "accept"           // FD → FD, Addr (peer)
	OpConnect     Op = "connect"          // FD, Addr
	OpWrite       Op = "write"            // FD, N bytes, Flags (MSG_…) → N
	OpWriteCaught Op = "write-caught"     // FD, N bytes → N, SIGPIPE; the signal is taken before it is delivered
	OpRead        Op = "read"             // FD, at most N bytes, Flags → N
	OpShutdown    Op = "shutdown"         // FD, N (SHUT_…)
	OpClose       Op = "close"            // FD
	OpLinger      Op = "linger"           // FD, N (seconds)
	OpSetOption   Op = "setsockopt"       // FD, Level, Option, N
	OpGetOption   Op = "getsockopt"       // FD, Level, Option → N
	OpSetBytes    Op = "setsockopt-bytes" // FD, Level, Option, Data
	OpNonblock    Op = "nonblock"         // FD; calls on it never wait from now on
	OpDisconnect  Op = "disconnect"       // FD; connect(AF_UNSPEC)
	OpDestroy     Op = "destroy"          // Addr (local end), Peer; SOCK_DESTROY, as ss -K does; for a listener Peer has port 0
	OpLocalName   Op = "getsockname"      // FD → Addr
	OpSocketError Op = "so-error"         // FD; reads and clears the pending error
	OpInfo        Op = "info"             // FD → Info
	OpPoll        Op = "poll"             // FD, Flags (POLL…), N milliseconds → N (events)
	OpSIGPIPE     Op = "sigpipe"          // gives SIGPIPE its default action: to kill
	OpExit        Op = "exit"             // N (status); there is no reply

	OpSpawn       Op = "spawn"            // Name, FDs → N (pid), FD (control channel of the child); see Process.Spawn
	OpWait        Op = "wait"             // N (pid of a child that is ending) → Status
	OpExec        Op = "exec"             // Name, FDs (that stay open); there is no reply; see Process.Exec
	OpPair        Op = "socketpair"       // → FDs, two ends of a Unix socket
	OpPass        Op = "pass"             // FD (Unix socket), FDs; SCM_RIGHTS
	OpReceive     Op = "receive"          // FD (Unix socket) → FDs
	OpUser        Op = "setuid"           // N (uid): of the whole process; there is no way back
	OpPin         Op = "pin"              // N (CPU): the process runs nowhere else from now on
	OpBusy        Op = "busy"             // never sleeps from now on, while it waits for requests
	OpEndThread   Op = "thread-end"       // FD: a second thread keeps it for itself and ends → TID
	OpRingClose   Op = "io_uring-close"   // FD, Flags (IOSQE_…) → TID (of a thread that the kernel made for it)
	OpRingInstall Op = "io_uring-install" // FD: an io_uring holds it, too → FD (of the io_uring)
)

// Request asks an actor for one operation. Which fields matter is said at the
// Op.
type Request struct {
	Op     Op             `json:"op"`
	FD     int            `json:"fd,omitempty"`
	Family int            `json:"family,omitempty"` // AF_INET or AF_INET6
	Addr   netip.AddrPort `json:"addr,omitzero"`
	Peer   netip.AddrPort `json:"peer,omitzero"`
	Data   []byte         `json:"data,omitempty"`
	Level  int            `json:"level,omitempty"`
	Option int            `json:"option,omitempty"`
	N      int            `json:"n,omitempty"`
	Flags  int            `json:"flags,omitempty"`
	FDs    []int          `json:"fds,omitempty"`
	Name   string         `json:"name,omitempty"`   // of a process
	Thread bool           `json:"thread,omitempty"` // make the call in a second thread; → TID
}

// Reply is what the system call gave.
type Reply struct {
	Errno  string         `json:"errno,omitempty"` // "ECONNRESET"; empty is success
	N      int            `json:"n,omitempty"`
	FD     int            `json:"fd,omitempty"`
	Addr   netip.AddrPort `json:"addr,omitzero"`
	Info   Info           `json:"info,omitzero"`
	FDs    []int          `json:"fds,omitempty"`
	TID    int            `json:"tid,omitempty"`
	Status Status         `json:"status,omitzero"`
	// SIGPIPE was raised.
	SIGPIPE bool `json:"sigpipe,omitempty"`
}

// Info is the part of TCP_INFO and SIOCINQ that scenarios wait for.
type Info struct {
	State   uint8  `json:"state"`   // as event.State
	Unacked uint32 `json:"unacked"` // segments in flight; for a listener its accept queue
	Unread  int    `json:"unread"`  // bytes
}

// hello is the first thing an actor says.
type hello struct {
	PID int `json:"pid"`
}
