package lab

import (
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func dataAfterCloseScenarios() []Scenario {
	causes := []event.CauseID{cause.DataAfterClose, cause.WroteAfterPeerClose}
	return []Scenario{{
		Name:  "data-after-close-orphan",
		Title: "Data meets a closed connection whose socket still lives.",
		Story: "With the usual tcp_fin_timeout the kernel keeps only a mini-socket of a closed connection. " +
			"Here the timeout is above 60 seconds, so the full socket stays on as an orphan. " +
			"The client's write draws the same RST from another place of the kernel.",
		Causes: causes, Findings: closedByServerFirst,
		Families: bothFamilies, Path: Veth, Run: playOrphan,
	}, {
		Name:  "data-after-shutdown",
		Title: "Data meets a connection that was shut down both ways but not closed.",
		Story: "The server calls shutdown(SHUT_RDWR) and keeps the descriptor. " +
			"Data that arrives then is refused with a RST, and the server's own application gets ECONNRESET from it, " +
			"although no RST ever came in.",
		Causes: causes, Findings: append([]Diagnosis{{Accuses: Nobody}}, closedByServerFirst...),
		Families: bothFamilies, Path: Veth, Run: playShutdown,
	}, {
		Name:  "data-after-close-unacknowledged",
		Title: "Data arrives after close and before the peer has acknowledged the FIN.",
		Story: "The server has closed, its FIN is on the way, and data from the client crosses it. " +
			"The kernel cannot hand that data to anybody and sends a RST.",
		Causes: causes[:1], Findings: closedUnderPeer,
		Families: bothFamilies, Path: Packets,
		Run: func(e *Env) {
			playCrossing(e, func(f *packetpeer.Flow) uint32 { return f.Ack - 1 }, event.StateFinWait1)
		},
	}, {
		Name:  "data-after-close-with-ack",
		Title: "Data arrives in the very segment that acknowledges the FIN of a close.",
		Story: "A client that writes right after the server has closed often acknowledges the FIN and sends its data in one segment. " +
			"The kernel refuses it with a RST on a third path, and counts it as an abort on data like the others.",
		Causes: causes[:1], Findings: closedUnderPeer,
		Families: bothFamilies, Path: Packets,
		Run: func(e *Env) {
			// The kernel takes the acknowledgement first: for a moment the
			// state is FIN_WAIT2.
			playCrossing(e, func(f *packetpeer.Flow) uint32 { return f.Ack }, event.StateFinWait2, event.StateFinWait1)
		},
	}}
}

func playOrphan(e *Env) {
	e.keepOrphans(serverEnd)
	c := e.converse()
	c.serverSock.Close()
	c.clientSock.WantRead(EOF)
	e.AwaitOrphan(serverEnd, c.serverAt, c.clientAt, event.StateFinWait2)
	e.Stepf("server closes; its kernel keeps the socket as an orphan; client reads 0")
	c.writeInVain()
	c.expectRefusedData(event.SockFull, event.StateFinWait2)
}

// keepOrphans makes closed sockets stay in FIN_WAIT2 as full sockets: above 60
// seconds the kernel does not turn them into mini-sockets.
func (e *Env) keepOrphans(end string) { e.Sysctl(end, "ipv4/tcp_fin_timeout", "120") }

// writeInVain makes the client send its message and see what becomes of it.
func (c *conversation) writeInVain() {
	c.clientSock.Send(messageBytes)
	c.clientSock.AwaitState(event.StateClose)
	c.env.Stepf("client writes %d bytes; the server's kernel answers with a RST", messageBytes)
	c.clientSock.WantApp(brokenPipe)
}

func playShutdown(e *Env) {
	c := e.converse()
	c.serverSock.Shutdown(unix.SHUT_RDWR)
	c.clientSock.WantRead(EOF)
	c.serverSock.AwaitState(event.StateFinWait2)
	e.Stepf("server shuts down both directions and keeps the descriptor; client reads 0")
	c.writeInVain()
	c.serverSock.WantApp(connReset)

	c.expectRefusedData(event.SockFull, event.StateFinWait2)
	sent := &e.expect[0]
	sent.App, sent.Sources = connReset, acceptedSocket
	sent.EarlierEndedBy = "" // it is open
}

// playCrossing lets data cross the FIN of a close. ack says what the segment
// with the data acknowledges.
func playCrossing(e *Env, ack func(*packetpeer.Flow) uint32, before ...event.State) {
	c, flow := e.converseWithPeer(serverEnd)
	c.serverSock.Close()
	e.awaitFrom(flow, event.FIN)
	e.Stepf("server closes: a FIN goes out")
	e.must(flow.SendSegment(packetpeer.Segment{
		Flags: event.PSH | event.ACK, Seq: flow.Seq, Ack: ack(flow), Window: flow.Window,
		Payload: make([]byte, messageBytes),
	}))
	e.awaitFrom(flow, event.RST)
	e.AwaitGone(serverEnd, c.serverAt, c.clientAt)
	e.Stepf("%d bytes arrive; the server's kernel answers with a RST", messageBytes)

	sent := c.repliedByServer(cause.DataAfterClose, before[0])
	sent.States = before
	e.Expect(sent)
}
