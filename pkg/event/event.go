package event

import "time"

// SchemaVersion is the version of the JSON lines. It grows only when a field
// changes its name or meaning; new fields do not change it.
const SchemaVersion = 2

// Event is one TCP reset that this machine sent, received or ignored.
//
// The JSON form (docs/event-schema.md) is a contract: names and meanings stay,
// and what is unknown is absent.
type Event struct {
	Host
	Schema int       `json:"schema"`
	Time   time.Time `json:"time"` // when the hook ran, UTC
	// MonotonicNanos is the same by CLOCK_MONOTONIC of the host, which nobody sets.
	MonotonicNanos uint64    `json:"monotonicNanos,omitzero"`
	ID             uint64    `json:"id"` // number among the events that are shown in a run, from 1
	Dir            Dir       `json:"dir"`
	Confirmed      bool      `json:"confirmed,omitzero"` // sent: evidence shows that the RST was handed on
	Cause          CauseID   `json:"cause"`
	Summary        string    `json:"summary"`
	Remedy         string    `json:"remedy,omitzero"`
	Certainty      Certainty `json:"certainty"`
	Because        []string  `json:"because,omitzero"` // what a likely cause rests on

	Family Family   `json:"family"`
	Local  Endpoint `json:"local"` // this machine's end, whatever the direction
	Peer   Endpoint `json:"peer"`
	State  State    `json:"state,omitzero"` // before the kernel changed it

	RST     Segment `json:"rst,omitzero"`
	Trigger Segment `json:"trigger,omitzero"` // the packet that provoked a sent RST
	App     App     `json:"app,omitzero"`
	Lost    Lost    `json:"lost,omitzero"`

	Owner     Owner     `json:"owner,omitzero"`
	Initiator Initiator `json:"by,omitzero"` // who brought it about, where that is not the owner
	Chain     string    `json:"chain,omitzero"`
	Forwarded bool      `json:"forwarded,omitzero"`
	PeerEvent uint64    `json:"peerEvent,omitzero"`
	// PeerFollows: the event of the other end comes behind this one and names it. Its number
	// is not known yet, because the filter may hide events between the two. The stage of
	// package finding then fills in PeerEvent.
	PeerFollows bool      `json:"-"`
	PeerSent    PeerSent  `json:"peerSent,omitzero"`
	PeerGot     PeerGot   `json:"peerGot,omitzero"`
	PeerHost    *PeerHost `json:"peerHost,omitempty"` // nil: no other host has the other end
	// HostEvent is the number that the event had on its host, before a join.
	HostEvent uint64   `json:"hostEvent,omitzero"`
	Finding   uint64   `json:"finding,omitzero"` // number of the incident that it is part of
	Earlier   Earlier  `json:"earlier,omitzero"`
	Listener  Listener `json:"listener,omitzero"`
	// FormerListener and Elsewhere are about a port where nobody listens: who did, and at
	// which other address of this host somebody does.
	FormerListener FormerListener `json:"formerListener,omitzero"`
	Elsewhere      Elsewhere      `json:"elsewhere,omitzero"`
	StillListening StillListening `json:"stillListening,omitzero"` // where a listener was closed
	Orphans        Orphans        `json:"orphans,omitzero"`
	Netns          Netns          `json:"netns,omitzero"`
	Conn           Conn           `json:"conn,omitzero"`
	Capture        InCapture      `json:"capture,omitzero"`

	Hook          string   `json:"hook"` // kernel function or tracepoint
	Via           Method   `json:"via"`
	KernelReason  string   `json:"kernelReason,omitzero"` // verbatim, where the kernel has one
	KernelVerdict string   `json:"kernelVerdict,omitzero"`
	IETFCause     *int     `json:"ietfCause,omitempty"`
	CommunityID   string   `json:"communityID,omitzero"`
	Stack         []string `json:"stack,omitzero"`
	Evidence      Evidence `json:"evidence,omitzero"`

	// Frames are the packets themselves, if they were asked for.
	Frames Frames `json:"-"`
	// Kernel is what else the record told: context for the packages that
	// complete the event, not part of the contract with the outside.
	Kernel KernelContext `json:"-"`
}

// Dir says what this machine did with the RST.
type Dir string

const (
	Sent     Dir = "sent"     // this kernel decided to send it
	Received Dir = "received" // it ended or refused a connection here
	Ignored  Dir = "ignored"  // it arrived and was not obeyed
	// Observed: a capture has it, and nobody has said which end is this machine. Local is
	// then the end that the cause is about, as in other events.
	Observed Dir = "observed"
)

// Dirs lists every direction in the order in which people read them.
var Dirs = []Dir{Sent, Received, Ignored, Observed}

// CauseID names one entry of the catalogue in package cause, in kebab-case.
type CauseID string

// Certainty says how a cause is known.
type Certainty string

const (
	Exact  Certainty = "exact"  // decided by kernel facts
	Likely Certainty = "likely" // an inference; Because says from what
)

// Family is the address family on the wire. Traffic of an IPv4-mapped IPv6
// socket is IPv4.
type Family string

const (
	IPv4 Family = "ipv4"
	IPv6 Family = "ipv6"
)

// Method is how a kernel hook was reached.
type Method string

const (
	Fentry     Method = "fentry"
	Kprobe     Method = "kprobe"
	Tracepoint Method = "tracepoint"
	// Capture is no hook: the event comes from a file of packets.
	Capture Method = "capture"
)

// Methods lists every method that reaches a hook, the best first.
var Methods = []Method{Fentry, Kprobe, Tracepoint}

// Earlier is what had ended the connection that a packet came for.
type Earlier struct {
	Event     uint64  `json:"event,omitzero"` // number of the event that it was, where that was shown
	Cause     CauseID `json:"cause,omitzero"` // the cause of that event, shown or not
	EndedBy   string  `json:"by,omitzero"`    // "process", "reset", "timeout"
	AgoMillis uint64  `json:"agoMillis,omitzero"`
	// IdleBeforeMillis is for how long no data had gone in either direction by then.
	IdleBeforeMillis uint64 `json:"idleBeforeMillis,omitzero"`
}

// Lost is the data that died with the connection, in bytes.
type Lost struct {
	UnreadBytes  uint32 `json:"unreadBytes,omitzero"`  // received, acknowledged, never read; of a sent RST only
	UnsentBytes  uint32 `json:"unsentBytes,omitzero"`  // written by the application, never sent
	UnackedBytes uint32 `json:"unackedBytes,omitzero"` // sent, not acknowledged by the peer
}

// InCapture names the packets of a capture behind an event. Numbers are those of the
// frames in the file, from 1, as Wireshark shows them.
type InCapture struct {
	RST    uint64   `json:"packet,omitzero"`  // the RST itself; 0: the event is of no capture
	Others []uint64 `json:"packets,omitzero"` // the others that decided, ascending
	Row    uint32   `json:"row,omitzero"`     // of the rules in docs/wire.md
	// Candidates are the causes that a tracer at the sender would choose between.
	Candidates []CauseID `json:"candidates,omitzero"`
	// Signature is how the client's packets look to those who search for tampering.
	// It proves nothing.
	Signature string `json:"signature,omitzero"`
	FromLocal bool   `json:"fromLocal,omitzero"` // the RST was sent in the name of Local
	Fragment  bool   `json:"fragment,omitzero"`  // it is the first of several IP fragments
}

// LocalSent reports whether the RST was sent by Local, or in its name.
func (e *Event) LocalSent() bool { return e.Dir == Sent || e.Capture.FromLocal }

// IsZero reports whether the event is of no capture.
func (c InCapture) IsZero() bool { return c.RST == 0 }

// Netns is the network namespace of the socket, or of the receiving device
// where there was none.
type Netns struct {
	Inode uint32 `json:"inode"`
	Name  string `json:"name,omitzero"`
}
