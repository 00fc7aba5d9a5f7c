package event

// Owner is the process, or as much of it as is known, that the socket belongs
// to. Pids are those of the initial pid namespace.
type Owner struct {
	PID       uint32       `json:"pid,omitzero"`
	TID       uint32       `json:"tid,omitzero"`
	Comm      string       `json:"comm,omitzero"`
	UID       *uint32      `json:"uid,omitempty"`
	Source    OwnerSource  `json:"source"`
	Cgroup    string       `json:"cgroup,omitzero"`
	Container string       `json:"container,omitzero"`
	Unit      string       `json:"unit,omitzero"`
	Pod       string       `json:"pod,omitzero"`
	Workload  string       `json:"workload,omitzero"` // what has made the pod, where that is certain
	Others    []ProcessRef `json:"others,omitzero"`   // further holders of the socket
	Ended     Ended        `json:"ended,omitzero"`
	// Exe, Cmdline and Parent are as /proc has them a moment after the event; Parent may
	// be what the kernel told. Cmdline is short, and arguments that may be secret are cut.
	Exe      string       `json:"exe,omitzero"`
	Cmdline  string       `json:"cmdline,omitzero"`
	Parent   ProcessRef   `json:"parent,omitzero"`
	KilledBy Killer       `json:"killedBy,omitzero"` // who sent Ended.Signal
	SIGPIPE  SignalAction `json:"sigpipe,omitzero"`  // asked for only where a write raises it
}

// SignalAction is what a signal does to a process.
type SignalAction string

const (
	SignalDefault SignalAction = "default" // of SIGPIPE: it ends the process
	SignalIgnored SignalAction = "ignored"
	SignalCaught  SignalAction = "caught" // by a handler, as every Go program has it
)

// IsZero reports whether nothing is known of the owner.
func (o Owner) IsZero() bool { return o.Source == "" }

// OwnerSource says how the owner is known.
type OwnerSource string

const (
	FromCurrent   OwnerSource = "current"   // it happened in the owner's own system call or exit
	FromCloser    OwnerSource = "closer"    // the process that closed the socket
	FromConnector OwnerSource = "connector" // the process that called connect
	FromCreator   OwnerSource = "creator"   // the process that opened the socket, by socket or accept
	FromSocket    OwnerSource = "socket"    // a file table holds the socket
	FromListener  OwnerSource = "listener"  // the process that listens
	FromCgroup    OwnerSource = "cgroup"    // the socket's cgroup; no process known
)

// ProcessRef names a process beside the owner.
type ProcessRef struct {
	PID  uint32 `json:"pid"`
	Comm string `json:"comm,omitzero"`
}

// Initiator is the process that brought a reset about on the socket of another one, such
// as ss -K. Cmdline and Parent are those of the moment of the event, as the kernel told.
// Exe is as /proc has it a moment after that.
type Initiator struct {
	ProcessRef
	Exe     string     `json:"exe,omitzero"`
	Cmdline string     `json:"cmdline,omitzero"` // short, and arguments that may be secret are cut
	Parent  ProcessRef `json:"parent,omitzero"`
}

// Ended says how a process ended whose end closed the socket.
type Ended struct {
	ExitCode *int   `json:"exitCode,omitempty"`
	Signal   string `json:"signal,omitzero"` // "SIGKILL"
}

// Killer is who sent the signal that ended a process. A process that killed itself, or
// made a fault, is its own killer.
type Killer struct {
	PID    uint32 `json:"pid,omitzero"`
	Comm   string `json:"comm,omitzero"`
	Kernel bool   `json:"kernel,omitzero"` // no process: the kernel did, or a thread of its own
	OOM    bool   `json:"oom,omitzero"`    // because memory had run out
}
