package lab

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Outcome is what a scenario did and what a tracer must have seen of it.
type Outcome struct {
	Scenario   string
	Family     event.Family
	Began      time.Time
	Namespaces []NamespaceInfo
	Actors     []ActorInfo
	// Expect lists exactly the events of a perfect tracer, no more and no
	// fewer. Their order says nothing.
	Expect []Expectation
	// Findings are those of the scenario.
	Findings []Diagnosis
	// CounterExceptions lists where the kernel's counters differ from the events, as they
	// must in this scenario. There is none for what a counter can be held
	// against without exception.
	CounterExceptions []CounterException
	// KernelDeviates, if not empty, says what this kernel does otherwise than the
	// story tells, so that causes of the scenario may be missing in Expect.
	KernelDeviates string
	// SlowestCall is the longest time that a process took for a call, or that calls took which
	// had to follow each other at once. Where it is long, what the scenario did at once was
	// not at once.
	SlowestCall time.Duration
	// ProbedCalls says that an application was left to make calls after a reset.
	ProbedCalls bool
}

// CounterException is a kernel counter that shows more, or less, than the events explain.
type CounterException struct {
	Namespace string // by name
	Counter   string
	More      int // than the events explain; negative: less
	Why       string
}

// NamespaceInfo names a namespace of the scenario.
type NamespaceInfo struct {
	Name  string
	Inode uint32
}

// ActorInfo is a process of the scenario, after its end.
type ActorInfo struct {
	Name      string
	Comm      string
	PID       int
	Namespace string
	Status    Status
}

// Expectation is one event that must be reported.
type Expectation struct {
	Namespace string // by name
	Dir       event.Dir
	Cause     event.CauseID
	// WithoutPacket is the right cause where the receive hook does not get the
	// packet, if it differs from Cause.
	WithoutPacket event.CauseID
	// WithoutNumbers is the right cause if the numbers that the socket expects are
	// not seen; "": Cause is right then, too.
	WithoutNumbers event.CauseID
	// WithoutMemory is the right cause where the flow memory is off, if it
	// differs from Cause.
	WithoutMemory event.CauseID
	Local, Peer   event.Endpoint
	Role          event.Role // of Local; "": nothing opened a connection
	Hook          event.Hook
	// SeenAt is the point in the kernel that shows the event, where that is not
	// simply the function of Hook: not every kernel and method can look there.
	SeenAt ObservationPoint
	// Socket is what the kernel had for the packet. Anything but a full socket
	// is invisible to the tracepoint of sent resets before 6.10.
	Socket event.SockKind
	// States that are right for Event.State; none: the event has no state.
	States []event.State

	Chain     event.Chain // of the firewall rule that answered
	Forwarded bool        // neither end is this machine: Local is what the RST claims as its source

	Owner     string // actor's name; "": no owner may be shown
	Sources   []event.OwnerSource
	Others    []string    // names of the actors that hold the socket, too
	Thread    int         // of the owner, where it was its own call; 0: the main one
	Ended     event.Ended // of the owner, where its end closed the socket
	Initiator string      // name of the actor that brought it about, where that is not the owner

	// Listener is how full its queue was, if that is to be known.
	Listener event.Listener

	App  event.App   // ErrorCall and Reported do not count
	Lost *event.Lost // nil: cannot be determined

	// Earlier is the Pair of the event that had ended the connection which the packet
	// came for; 0: there is none. EarlierEndedBy is what had ended it, "" where nothing
	// had or it cannot be known.
	Earlier        int
	EarlierEndedBy string

	// Pair is the same for the two events of one RST, and unique otherwise.
	Pair       int
	OnWire     bool           // a packet capture in Namespace sees this RST
	Flags      event.TCPFlags // of the RST
	AbortShape bool           // its shape: window not zero, timestamps if negotiated
	DiagText   string         // text in it
	Reason     *event.Reason  // code in it; nil: none
}

// Socketless says that there was no full socket.
func (x Expectation) Socketless() bool { return x.Socket != event.SockFull }

// Wire returns where the RST comes from and goes to, as a packet capture in
// Namespace shows it.
func (x Expectation) Wire() (from, to event.Endpoint) {
	// A rule of the output chain answers in the name of the other end.
	if x.Dir == event.Sent && x.Chain != event.ChainOutput {
		return x.Local, x.Peer
	}
	return x.Peer, x.Local
}

// Expected returns the cause to expect from a tracer whose receive hook gets
// the packet or not.
func (x Expectation) Expected(seesPacket bool) event.CauseID {
	if !seesPacket && x.WithoutPacket != "" {
		return x.WithoutPacket
	}
	return x.Cause
}
