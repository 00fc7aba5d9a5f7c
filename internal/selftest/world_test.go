package selftest

import (
	"maps"
	"os"
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/internal/audit"
	"github.com/rsttrace/rsttrace/internal/capture"
	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// A scenario that was played and seen as it must be: a server closes a
// connection with SO_LINGER {1,0}, and the client, whose socket a second process
// has too, gets ECONNRESET. The server's machine answers a further segment, for
// no connection, and a firewall rule of a router a third one.

const (
	clientNetns, serverNetns = 101, 102
	clientPID, helperPID     = 11, 12
	serverPID                = 21
	sentAt, receivedAt       = 0, 1 // in world.events
	repliedAt, rejectedAt    = 2, 3
	sentID, receivedID       = 31, 32
)

var (
	clientEnd = event.Endpoint{Addr: addr("10.0.0.1"), Port: 40000}
	serverEnd = event.Endpoint{Addr: addr("10.0.0.2"), Port: 80}
	strangers = event.Endpoint{Addr: addr("10.0.0.3"), Port: 9}
	reset     = event.App{Errno: "ECONNRESET", Calls: event.Calls{Read: "ECONNRESET"}}
	began     = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

// allSeen is a kernel that hides nothing.
func allSeen() probe.Visibility {
	return probe.Visibility{
		Receive: true, ReceivedPacket: true, SendActive: true, Socketless: true, FullReply: true, Signed: true,
		Callers: true, Reasons: true, State: true, Closer: true, Holders: true, Errors: true,
		Reject: true, RejectLink: true, DropSocket: true, Requests: true, RequestNumbers: true, TimeWait: true,
		Ignored: true, IgnoredNoSocket: true, IgnoredHandshake: true, IgnoredConnection: true,
		ConnectionSocket: true, ConnectionSide: true, ConnectionPlace: true, HandshakeSocket: true,
	}
}

func newWorld() *comparison {
	c := &comparison{
		result: &Result{Scenario: "made-up"}, visibility: allSeen(),
		outcome: &lab.Outcome{
			Family:     event.IPv4,
			Began:      began,
			Namespaces: []lab.NamespaceInfo{{Name: "client", Inode: clientNetns}, {Name: "server", Inode: serverNetns}},
			Actors: []lab.ActorInfo{
				{Name: "client", Comm: "lab-client", PID: clientPID}, {Name: "helper", Comm: "lab-helper", PID: helperPID},
				{Name: "server", Comm: "lab-server", PID: serverPID},
			},
			Expect: []lab.Expectation{expectSent(), expectReceived(), expectReply(), expectReject()},
			Findings: []lab.Diagnosis{
				{Pattern: "deliberate-abort", Accuses: "server", Must: true},
				{Pattern: "process-died", Accuses: "server", Must: true},
				{Pattern: "nothing-listens", Harmless: true, Must: true},
			},
		},
		events:  []event.Event{sentEvent(), receivedEvent(), replyEvent(), rejectEvent()},
		witness: newWitness(), tops: &topWitness{before: map[ownerKey]uint64{}, after: map[ownerKey]uint64{}},
	}
	c.events[sentAt].ID, c.events[receivedAt].ID = sentID, receivedID
	c.events[sentAt].PeerEvent, c.events[sentAt].Confirmed = receivedID, true
	c.events[receivedAt].PeerEvent = sentID
	c.witness.segments["server"] = []capture.Segment{segmentOf(&c.events[sentAt]), segmentOf(&c.events[repliedAt]), segmentOf(&c.events[rejectedAt])}
	c.witness.segments["client"] = []capture.Segment{segmentOf(&c.events[receivedAt])}
	c.witness.growth["server"] = grown(c.events[sentAt], c.events[repliedAt], c.events[rejectedAt])
	c.witness.growth["client"] = grown(c.events[receivedAt])
	c.tops.after[ownerKey{evidence: c.events[sentAt].Evidence, comm: "lab-server", netns: serverNetns}] = 1
	return c
}

func expectSent() lab.Expectation {
	return lab.Expectation{
		Namespace: "server", Dir: event.Sent, Cause: cause.LingerZero, Local: serverEnd, Peer: clientEnd,
		Hook: event.HookSendActive, Socket: event.SockFull, States: []event.State{event.StateEstablished},
		Owner: "server", Sources: []event.OwnerSource{event.FromCurrent}, Lost: &event.Lost{UnreadBytes: 5},
		Pair: 1, OnWire: true, Flags: event.RST | event.ACK, AbortShape: true,
	}
}

func sentEvent() event.Event {
	return complete(event.Event{
		Dir: event.Sent, Cause: cause.LingerZero, Local: serverEnd, Peer: clientEnd, State: event.StateEstablished,
		Lost:  event.Lost{UnreadBytes: 5},
		Owner: event.Owner{PID: serverPID, TID: serverPID, Comm: "lab-server", Source: event.FromCurrent},
		Netns: event.Netns{Inode: serverNetns}, RST: event.Segment{Flags: event.RST | event.ACK, Seq: 7, Ack: 8},
		Evidence: event.Evidence{
			Hook: event.HookSendActive, Socket: event.SockFull, State: event.StateClose, Prior: event.StateEstablished, Family: event.IPv4,
			Facts: event.FactOwned | event.FactHasSocket | event.FactShutRcv | event.FactShutSend | event.FactLingerZero,
		},
	})
}

func expectReceived() lab.Expectation {
	return lab.Expectation{
		Namespace: "client", Dir: event.Received, Cause: cause.PeerAborted, Local: clientEnd, Peer: serverEnd,
		Hook: event.HookReceive, Socket: event.SockFull, States: []event.State{event.StateEstablished},
		Owner: "client", Sources: []event.OwnerSource{event.FromSocket}, Others: []string{"helper"},
		Lost: &event.Lost{}, App: reset, Pair: 1, OnWire: true, Flags: event.RST | event.ACK, AbortShape: true, DiagText: "bye",
	}
}

func receivedEvent() event.Event {
	app, window := reset, uint16(9)
	app.Reported, app.ErrorCall = true, "read"
	return complete(event.Event{
		Dir: event.Received, Cause: cause.PeerAborted, Local: clientEnd, Peer: serverEnd, State: event.StateEstablished, App: app,
		Owner: event.Owner{
			PID: clientPID, Comm: "lab-client", Source: event.FromSocket, Others: []event.ProcessRef{{PID: helperPID, Comm: "lab-helper"}},
		},
		Netns:    event.Netns{Inode: clientNetns},
		RST:      event.Segment{Flags: event.RST | event.ACK, Seq: 7, Ack: 8, Window: &window, DiagText: "bye"},
		Evidence: event.Evidence{Hook: event.HookReceive, Socket: event.SockFull, Family: event.IPv4, Packet: event.RST | event.ACK, State: event.StateEstablished, Facts: event.FactSeesPacket | event.FactWindow},
		Kernel:   event.KernelContext{ReportedError: event.SocketError{Errno: "ECONNRESET"}},
	})
}

func expectReply() lab.Expectation {
	return lab.Expectation{
		Namespace: "server", Dir: event.Sent, Cause: cause.ClosedPort, Local: strangers, Peer: clientEnd,
		Hook: event.HookSendReply, Socket: event.SockNone, Pair: 2, OnWire: true, Flags: event.RST,
		Listener: event.Listener{Known: true, Backlog: 4, Used: 3},
	}
}

func replyEvent() event.Event {
	return complete(event.Event{
		Dir: event.Sent, Cause: cause.ClosedPort, Local: strangers, Peer: clientEnd, Netns: event.Netns{Inode: serverNetns},
		Listener: event.Listener{Known: true, Backlog: 4, Used: 3},
		RST:      event.Segment{Flags: event.RST, Seq: 70},
		Evidence: event.Evidence{Hook: event.HookSendReply, Socket: event.SockNone, Family: event.IPv4, Packet: event.SYN, Facts: event.FactSeesPacket},
	})
}

func expectReject() lab.Expectation {
	return lab.Expectation{
		Namespace: "server", Dir: event.Sent, Cause: cause.NetfilterReject, Local: strangers, Peer: serverEnd,
		Hook: event.HookReject, Socket: event.SockNone, Chain: event.ChainForward, Forwarded: true,
		Owner: "server", Sources: []event.OwnerSource{event.FromCurrent}, Initiator: "helper", Ended: event.Ended{Signal: "SIGKILL"},
		Pair: 3, OnWire: true, Flags: event.RST | event.ACK,
	}
}

func rejectEvent() event.Event {
	return complete(event.Event{
		Dir: event.Sent, Cause: cause.NetfilterReject, Local: strangers, Peer: serverEnd, Netns: event.Netns{Inode: serverNetns},
		Owner: event.Owner{
			PID: serverPID, TID: serverPID, Comm: "lab-server", Source: event.FromCurrent, Ended: event.Ended{Signal: "SIGKILL"},
		},
		Initiator: event.Initiator{
			ProcessRef: event.ProcessRef{PID: helperPID, Comm: "lab-helper"},
			Cmdline:    "rsttrace", Parent: event.ProcessRef{PID: uint32(os.Getpid()), Comm: "rsttrace"},
		},
		Chain: event.ChainForward.String(), Forwarded: true,
		RST:      event.Segment{Flags: event.RST | event.ACK, Seq: 71, Ack: 72},
		Evidence: event.Evidence{Hook: event.HookReject, Socket: event.SockNone, Family: event.IPv4, Packet: event.SYN, Chain: event.ChainForward, Facts: event.FactSeesPacket | event.FactMPTCP},
	})
}

// complete adds what every event has.
func complete(e event.Event) event.Event {
	e.Summary, e.Remedy, e.Certainty = "it was reset", "look", event.Exact
	e.Time, e.Family = began.Add(time.Second), event.IPv4
	if e.Evidence.Socket == event.SockFull {
		received, sent, unacked := uint32(4), uint32(3), uint32(0)
		e.Conn = event.Conn{
			Known: true, AgeMillis: 900, LastReceivedMillis: 800, LastSentMillis: 700, BytesReceived: 5,
			SegmentsReceived: &received, SegmentsSent: &sent, SegmentsUnacked: &unacked,
		}
	}
	self := event.ProcessRef{PID: uint32(os.Getpid()), Comm: "selftest"}
	if e.Owner.PID != 0 {
		e.Owner.Parent = self
	}
	if e.Owner.Ended.Signal != "" {
		e.Owner.KilledBy = event.Killer{PID: self.PID, Comm: self.Comm}
	}
	return e
}

// segmentOf is the RST of an event as a packet capture shows it.
func segmentOf(e *event.Event) capture.Segment {
	s := capture.Segment{Src: e.Local, Dst: e.Peer, Flags: e.RST.Flags, Seq: e.RST.Seq, Ack: e.RST.Ack}
	if e.Dir != event.Sent {
		s.Src, s.Dst = e.Peer, e.Local
	}
	return s
}

// grown is what the kernel's counters show of these events.
func grown(events ...event.Event) audit.Snapshot {
	counts := make(audit.Counts)
	growth := make(audit.Snapshot)
	for i := range events {
		counts.Add(&events[i])
	}
	for _, equation := range audit.Equations {
		growth[equation.Counter] = 0
	}
	for _, row := range audit.Check(maps.Clone(growth), counts) {
		growth[row.Counter] = row.Counted
	}
	return growth
}

// without leaves out what is at an index.
func without[T any](all []T, at int) []T { return slices.Delete(slices.Clone(all), at, at+1) }
