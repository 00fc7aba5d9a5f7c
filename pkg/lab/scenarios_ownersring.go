package lab

import (
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const ringAsync = 1 << 4 // IOSQE_ASYNC

func ringScenarios() []Scenario {
	return []Scenario{{
		Name:     "owner-io-uring",
		Title:    "The server closes the connection through io_uring.",
		Story:    "IORING_OP_CLOSE does what close does, inside io_uring_enter.",
		Causes:   unreadClose,
		Findings: unreadByServer,
		Families: oneFamily, Path: Veth,
		Run: func(e *Env) { playRingClose(e, 0) },
	}, {
		Name:  "owner-io-uring-worker",
		Title: "The server closes the connection through io_uring, and a worker thread does it.",
		Story: "With IOSQE_ASYNC the kernel makes a thread in the server's process that closes the connection. " +
			"The thread is called iou-wrk and runs no code of the server, but it belongs to it: the server is the owner.",
		Causes:   unreadClose,
		Findings: unreadByServer,
		Families: oneFamily, Path: Veth,
		Run: func(e *Env) { playRingClose(e, ringAsync) },
	}, {
		Name:  "owner-io-uring-file",
		Title: "A connection is reset that only an io_uring of the client refers to.",
		Story: "Programs that live on io_uring need no descriptors: their sockets are in a table of the io_uring, and in no file table. " +
			"What is known is who connected.",
		Causes:   []event.CauseID{cause.PeerAborted, cause.LingerZero},
		Findings: abortedByServer,
		Families: oneFamily, Path: Veth, Run: playRingFile,
	}, {
		Name:  "owner-io-uring-ended",
		Title: "A client is killed whose connection was in an io_uring.",
		Story: "The kernel takes an io_uring apart later, in a worker thread that belongs to nobody. " +
			"Data was unread, so a RST goes out from there. What is known is who connected.",
		Causes:   unreadClose,
		Families: oneFamily, Path: Veth, Run: playRingEnded,
	}}
}

func playRingClose(e *Env, flags int) {
	c := e.leaveUnread()
	thread := c.serverSock.CloseByRing(flags)
	e.Stepf("server closes through io_uring: its kernel sends a RST")
	sent, received := c.unreadRST()
	sent.Thread = thread
	if flags == ringAsync && thread == 0 {
		sent.ownedByNobody()
		e.KernelDeviates("the worker of an io_uring is no thread of the process, but the kernel's own")
	}
	e.ExpectRST(sent, received)
}

// fromConnect: no file table refers to the socket.
var fromConnect = []event.OwnerSource{event.FromConnector}

func playRingFile(e *Env) {
	c := e.converse()
	c.clientSock.MoveToRing()
	e.Stepf("client moves the connection into an io_uring and closes the descriptor")
	c.serverSock.LingerZero()
	c.serverSock.Close()
	e.AwaitGone(clientEnd, c.clientAt, c.serverAt)
	e.Stepf("server closes with SO_LINGER {1,0}: a RST ends the client's connection")
	received := c.receivedByClient(cause.PeerAborted, event.StateEstablished, connReset)
	received.Sources = fromConnect
	e.ExpectRST(c.sentByServer(cause.LingerZero, event.StateEstablished), received)
}

func playRingEnded(e *Env) {
	c := e.converse()
	c.clientSock.MoveToRing()
	c.serverSock.Send(unreadBytes)
	c.serverSock.AwaitAcknowledged()
	e.Stepf("client moves the connection into an io_uring; server sends %d bytes, which client does not read", unreadBytes)
	c.client.Kill()
	e.Stepf("client is killed with SIGKILL: its kernel takes the io_uring apart and sends a RST")
	c.serverSock.WantApp(connReset)

	sent := c.sentByClient(cause.UnreadDataOnClose)
	sent.Sources = fromConnect
	sent.Lost = &event.Lost{UnreadBytes: unreadBytes}
	e.ExpectRST(sent, c.receivedByServer(cause.PeerAborted, event.StateEstablished, connReset))
}
