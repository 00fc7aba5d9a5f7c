package lab

import (
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func busyScenarios() []Scenario {
	return []Scenario{{
		Name:  "owner-busy-cpu",
		Title: "A timer finds out that the server's machine was restarted, while another process is busy on the CPU.",
		Story: "The client's keep-alive probe, the RST that answers it, and the end of the connection: " +
			"the kernel does all of this in one timer interrupt, on the back of whatever process is running. " +
			"That process computes and has no connection at all.",
		Causes:   []event.CauseID{cause.PeerGone, cause.HalfOpen},
		Findings: forgottenHere,
		Families: oneFamily, Path: PowerLoss, Run: playBusyCPU,
	}}
}

func playBusyCPU(e *Env) {
	const probes = 3
	c := e.converse()
	cpu := e.someCPU()
	c.client.Pin(cpu)
	e.cutPower(func() { c.server.Kill() })
	e.Stepf("the server's machine loses power, and comes back with the same address")
	busy := e.Actor("busy", clientEnd)
	busy.Pin(cpu)
	busy.Busy()
	c.clientSock.KeepAlive(probes)
	e.Stepf("client asks for keep-alive probes on a CPU that another process keeps busy")
	c.clientSock.AwaitState(event.StateClose)
	e.Stepf("a second later the timer sends a probe; the server's fresh kernel answers with a RST")
	c.clientSock.WantApp(connReset)

	received := c.receivedByClient(cause.PeerGone, event.StateEstablished, connReset)
	received.Sources = []event.OwnerSource{event.FromSocket}
	e.ExpectRST(c.repliedByRebuilt(), received)
}
