package lab

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io/fs"
	"net/netip"
	"strings"

	"github.com/gopacket/gopacket/layers"

	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/internal/rstreason"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func mptcpScenarios() []Scenario {
	closes := []event.CauseID{cause.MPTCPClose, cause.PeerAborted}
	return []Scenario{{
		Name:  "mptcp-close",
		Title: "The server closes an MPTCP connection with unread data.",
		Story: "A connection of MPTCP may run over several TCP connections, its subflows. " +
			"Closing it with unread data ends it at once: each subflow gets a RST that carries MP_FASTCLOSE.",
		Causes: closes, Families: bothFamilies, Path: Veth, Run: playMPTCPUnread,
	}, {
		Name:  "mptcp-close-linger-zero",
		Title: "The server closes an MPTCP connection with SO_LINGER {1,0}.",
		Story: "Most kernels treat the abortive close of an MPTCP connection as a fast close. " +
			"Some close in order. They reset the subflow only when the client has closed, too.",
		Causes: closes, Families: bothFamilies, Path: Veth, Run: playMPTCPLingerZero,
	}, {
		Name:   "mptcp-close-disconnect",
		Title:  "The server ends an MPTCP connection with connect(AF_UNSPEC).",
		Story:  "connect(AF_UNSPEC) dissolves an MPTCP connection by a fast close, too.",
		Causes: closes, Families: bothFamilies, Path: Veth,
		Run: func(e *Env) { playMPTCPAbort(e, "calls connect(AF_UNSPEC)", (*Socket).Disconnect) },
	}, {
		Name:  "mptcp-listener-closed",
		Title: "The server closes its listener while an MPTCP connection waits to be accepted.",
		Story: "The waiting connection is closed twice over: MPTCP ends it by a fast close, and TCP resets the subflow as it does with all that wait in a listener's queue. " +
			"Two RSTs go out for one connection. The second finds nothing left to reset.",
		Causes:   []event.CauseID{cause.MPTCPClose, cause.ListenerClosed, cause.PeerAborted, cause.RSTNoConnection},
		Findings: closedQueue,
		Families: bothFamilies, Path: Veth, Run: playMPTCPListener,
	}, {
		Name:     "socket-destroyed-mptcp",
		Title:    "The only subflow of an MPTCP connection is destroyed with what `ss -K` does.",
		Story:    "Destroying the TCP socket of a subflow resets that subflow, not the MPTCP connection that uses it.",
		Causes:   []event.CauseID{cause.SocketDestroyed, cause.PeerAborted},
		Findings: destroyed,
		Families: bothFamilies, Path: Veth, HostChanges: missesModule(diagModules...), Run: playSubflowDestroyed,
	}, {
		Name:  "mptcp-join-refused",
		Title: "A SYN wants to join an MPTCP connection that does not exist.",
		Story: "A further subflow names its connection by a token. This one names none that this host knows, " +
			"and the listener answers the SYN with a RST: the one case in which a listener does that.",
		Causes: []event.CauseID{cause.MPTCPJoinRefused}, Families: bothFamilies, Path: Packets, Run: playJoinRefused,
	}, {
		Name:  "mptcp-reset",
		Title: "The peer ends an MPTCP connection by an ACK with MP_FASTCLOSE.",
		Story: "MPTCP has two ways to end a connection at once: a RST, or an ACK that the other end answers with a RST on every subflow. " +
			"The client's kernel does so by itself; its application gets ECONNRESET.",
		Causes: []event.CauseID{cause.MPTCPReset}, Families: bothFamilies, Path: Packets, Run: playFastCloseByAck,
	}, {
		Name:  "mptcp-refused",
		Title: "A client connects by MPTCP to a port where nobody listens.",
		Story: "The first subflow is refused like any connection. " +
			"The application, which has a socket of MPTCP above it, gets ECONNREFUSED from connect.",
		Causes: []event.CauseID{cause.ClosedPort, cause.Refused}, Families: bothFamilies, Path: Veth, Run: playMPTCPRefused,
	}, {
		Name:  "mptcp-refused-with-reason",
		Title: "A peer refuses an MPTCP connection, and its RST says why.",
		Story: "The RST has the option MP_TCPRST with the code of an administrator's rule. " +
			"The application, which has a socket of MPTCP above the subflow, gets ECONNREFUSED from connect.",
		Causes: []event.CauseID{cause.Refused}, Findings: must("refused-elsewhere", Outside), Families: bothFamilies, Path: Packets, Run: playMPTCPRefusedWithReason,
	}, {
		Name:  "mptcp-fallen-back",
		Title: "An MPTCP client of a server that only speaks TCP is aborted.",
		Story: "Where one end does not know MPTCP the connection goes on as plain TCP. " +
			"The client's application still has a socket of MPTCP, and the RST ends the only subflow of that.",
		Causes: []event.CauseID{cause.LingerZero, cause.PeerAborted}, Findings: abortedByServer,
		Families: bothFamilies, Path: Veth, Run: playFallenBack,
	}}
}

// converseMPTCP connects a client and a server by MPTCP, with a first exchange
// that tells both that the other end speaks it.
func (e *Env) converseMPTCP() *conversation {
	c := e.connectMPTCP()
	c.serverSock = c.listener.Accept()
	c.clientSock.Send(messageBytes)
	c.serverSock.WantRead(Result{N: messageBytes})
	c.serverSock.Send(messageBytes)
	c.clientSock.WantRead(Result{N: messageBytes})
	e.Stepf("both send %d bytes and read them", messageBytes)
	return c
}

// connectMPTCP is converseMPTCP up to the client's connect.
func (e *Env) connectMPTCP() *conversation {
	c := &conversation{env: e, server: e.Actor("server", serverEnd), client: e.Actor("client", clientEnd)}
	for _, end := range []string{serverEnd, clientEnd} {
		e.switchMPTCPOn(end)
	}
	at := netip.AddrPortFrom(e.address(serverEnd), serverPort)
	c.listener = c.server.mptcpSocket()
	c.listener.Bind(at)
	c.listener.listen(1)
	c.clientSock = c.client.mptcpSocket()
	c.clientSock.want("connect", c.clientSock.Connect(at), Result{})
	c.clientAt, c.serverAt = c.clientSock.Local(), event.Endpoint{Addr: at.Addr(), Port: at.Port()}
	e.Stepf("client %s connects to server %s by MPTCP", c.clientAt, c.serverAt)
	return c
}

// switchMPTCPOn switches MPTCP on at the named end, or ends the scenario.
func (e *Env) switchMPTCPOn(end string) {
	err := e.namespace(end).Sysctl("mptcp/enabled", "1")
	if errors.Is(err, fs.ErrNotExist) {
		err = unavailable("MPTCP", "CONFIG_MPTCP is off in this kernel")
	}
	e.must(err)
}

func playMPTCPUnread(e *Env) {
	c := e.converseMPTCP()
	c.clientSock.Send(unreadBytes)
	e.Await("the data is there", func() bool { return c.serverSock.peek() == unreadBytes })
	e.Stepf("client sends %d bytes, which the server does not read", unreadBytes)
	fastCloses := e.Counter(serverEnd, "MPTcpExtMPFastcloseTx")
	c.serverSock.Close()
	c.expectFastClose(fastCloses, "closes", cause.UnreadDataOnClose)
}

func playMPTCPAbort(e *Env, what string, end func(*Socket)) {
	c := e.converseMPTCP()
	fastCloses := e.Counter(serverEnd, "MPTcpExtMPFastcloseTx")
	end(c.serverSock)
	c.expectFastClose(fastCloses, what, cause.LingerZero)
}

// playMPTCPLingerZero closes with SO_LINGER {1,0}. What the client reads shows
// whether this kernel heeds the option.
func playMPTCPLingerZero(e *Env) {
	const what = "closes with SO_LINGER {1,0}"
	c := e.converseMPTCP()
	fastCloses := e.Counter(serverEnd, "MPTcpExtMPFastcloseTx")
	c.serverSock.LingerZero()
	c.serverSock.Close()
	e.Await("the client's socket has come to an end", func() bool {
		return strings.Contains(c.clientSock.poll(), "HUP") // RDHUP as well
	})
	if got := c.clientSock.Read(); got != EOF {
		c.clientSock.want("read", got, Result{Errno: "ECONNRESET"})
		c.expectAbort(fastCloses, what, cause.LingerZero)
		return
	}
	e.KernelDeviates("the close is orderly, and no RST is sent")
	e.Stepf("server %s: its kernel closes in order; client reads 0", what)
	// The subflow has the option, too. Its own close comes when the client has
	// closed, and races with the client's FIN.
	e.must(e.namespace(serverEnd).CutOff(device))
}

// expectFastClose expects the end of the only subflow, and that the client
// learns of it.
func (c *conversation) expectFastClose(before uint64, what string, otherwise event.CauseID) {
	c.env.AwaitGone(clientEnd, c.clientAt, c.serverAt)
	c.clientSock.WantRead(Result{Errno: "ECONNRESET"})
	c.expectAbort(before, what, otherwise)
}

// expectAbort expects a RST on the only subflow; the client has read ECONNRESET.
// otherwise is the cause on kernels that hand the abort down to the subflow.
func (c *conversation) expectAbort(before uint64, what string, otherwise event.CauseID) {
	e := c.env
	e.AwaitGone(clientEnd, c.clientAt, c.serverAt)
	id := cause.MPTCPClose
	if e.Counter(serverEnd, "MPTcpExtMPFastcloseTx") == before {
		e.KernelDeviates("no MP_FASTCLOSE is sent")
		id = otherwise
	}
	e.Stepf("server %s: its kernel sends a RST on the subflow; client reads: ECONNRESET", what)
	sent := c.sentByServer(id, event.StateEstablished)
	sent.Lost = nil
	// That the only subflow ended says nothing, to who sees just the subflow,
	// about what the application gets.
	received := c.receivedByClient(cause.PeerAborted, event.StateEstablished, nobody)
	received.Lost = nil
	e.ExpectRST(sent, received)
}

const (
	mptcpOption  = 30
	mpCapable    = 0x01 // version 1, subtype 0
	mpJoin       = 0x10
	mpFastClose  = 0x70
	mpReset      = 0x80
	mpHMACSHA256 = 0x01
	mpKeyBytes   = 8
)

func mptcp(data ...byte) layers.TCPOption {
	return layers.TCPOption{OptionType: mptcpOption, OptionLength: uint8(2 + len(data)), OptionData: data}
}

func playJoinRefused(e *Env) {
	e.switchMPTCPOn(serverEnd)
	server := e.Actor("server", serverEnd)
	listener := server.mptcpSocket()
	listener.Bind(e.kernelAt(serverPort).AddrPort())
	listener.listen(1)
	flow := e.flow(peerPort)
	const addressID = 1
	join := mptcp(mpJoin, addressID, 't', 'o', 'k', 'n', 'n', 'o', 'n', 'c')
	e.send(flow, packetpeer.Segment{Flags: event.SYN, Seq: flow.Seq, Window: flow.Window, Options: []layers.TCPOption{join}})
	e.awaitFrom(flow, event.RST)
	e.Stepf("a SYN with an unknown MP_JOIN token arrives at a listener; the kernel answers with a RST")
	e.Expect(e.repliedByListener(flow, server, cause.MPTCPJoinRefused, event.RST|event.ACK))
}

func playFastCloseByAck(e *Env) {
	c, flow := e.beginConnectMPTCP()
	key := e.answerCapable(flow)
	e.Stepf("client %s connects to %s by MPTCP", c.clientAt, c.serverAt)
	for _, option := range []layers.TCPOption{dataAck(key), mptcp(append([]byte{mpFastClose, 0}, key...)...)} {
		e.send(flow, packetpeer.Segment{
			Flags: event.ACK, Seq: flow.Seq, Ack: flow.Ack, Window: flow.Window, Options: []layers.TCPOption{option},
		})
	}
	e.awaitFrom(flow, event.RST)
	e.AwaitGone(clientEnd, c.clientAt, c.serverAt)
	e.Stepf("an ACK with MP_FASTCLOSE arrives; the client's kernel answers with a RST")
	e.Await("the client's socket has an error", func() bool {
		return c.clientSock.Read() == Result{Errno: "ECONNRESET"}
	})
	e.Stepf("client reads: ECONNRESET")

	e.Expect(Expectation{
		Namespace: e.namespaces[0].Name(),
		Dir:       event.Sent, Cause: cause.MPTCPReset, Local: c.clientAt, Peer: c.serverAt,
		Hook: event.HookSendActive, Socket: event.SockFull, States: []event.State{event.StateEstablished},
		Owner: c.client.Name(), Sources: openSocket,
		Flags: event.RST | event.ACK, AbortShape: true, OnWire: true,
	})
}

// beginConnectMPTCP lets a client connect by MPTCP to the packet peer, which has its SYN then.
func (e *Env) beginConnectMPTCP() (*conversation, *packetpeer.Flow) {
	e.switchMPTCPOn(clientEnd)
	c := &conversation{env: e, client: e.Actor("client", clientEnd)}
	c.serverAt = event.Endpoint{Addr: e.peer.Addr(), Port: serverPort}
	c.clientSock = c.client.mptcpSocket()
	c.clientSock.Nonblocking()
	c.clientSock.want("connect", c.clientSock.Connect(c.serverAt.AddrPort()), Result{Errno: "EINPROGRESS"})
	c.clientAt = c.clientSock.Local()
	flow, err := e.peer.Listen(serverPort)
	e.must(err)
	return c, flow
}

func playMPTCPRefusedWithReason(e *Env) {
	const prohibited = 3
	c, flow := e.beginConnectMPTCP()
	e.send(flow, packetpeer.Segment{
		Flags: event.RST | event.ACK, Ack: flow.Ack, Options: []layers.TCPOption{mptcp(mpReset, prohibited)},
	})
	e.Stepf("the peer answers the SYN with a RST that says: administratively prohibited")
	e.Await("the client's socket has an error", func() bool {
		return c.clientSock.Read() == Result{Errno: "ECONNREFUSED"}
	})
	e.Stepf("client reads: ECONNREFUSED")

	received := c.receivedByClient(cause.Refused, event.StateSynSent, event.App{Errno: "ECONNREFUSED"})
	received.Flags, received.Reason = event.RST|event.ACK, rstreason.MPTCP(prohibited)
	e.Expect(received)
}

// dataAck acknowledges the start of the connection of that key: from then on
// the kernel does not fall back to TCP any more.
func dataAck(key []byte) layers.TCPOption {
	const subtype, ackOf8Bytes = 0x20, 0x03
	digest := sha256.Sum256(key)
	initial := binary.BigEndian.Uint64(digest[len(digest)-8:])
	return mptcp(binary.BigEndian.AppendUint64([]byte{subtype, ackOf8Bytes}, initial+1)...)
}

// answerCapable completes the handshake of MPTCP (RFC 8684, 3.1) and returns the
// client's key.
func (e *Env) answerCapable(flow *packetpeer.Flow) []byte {
	const ourKey = 0x1122334455667788
	capable := mptcp(binary.BigEndian.AppendUint64([]byte{mpCapable, mpHMACSHA256}, ourKey)...)
	e.send(flow, packetpeer.Segment{
		Flags: event.SYN | event.ACK, Seq: flow.Seq, Ack: flow.Ack, Window: flow.Window, Options: []layers.TCPOption{capable},
	})
	flow.Seq++
	for {
		for _, option := range e.awaitFrom(flow, event.ACK).Options {
			const withBothKeys = 2 + 2*mpKeyBytes
			if option.OptionType == mptcpOption && len(option.OptionData) >= withBothKeys && option.OptionData[0] == mpCapable {
				return option.OptionData[2 : 2+mpKeyBytes]
			}
		}
	}
}
