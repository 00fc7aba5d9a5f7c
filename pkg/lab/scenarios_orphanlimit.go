package lab

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func orphanScenarios() []Scenario {
	causes := []event.CauseID{cause.OrphanLimit}
	return []Scenario{{
		Name:  "orphan-limit",
		Title: "The server closes a connection while the machine has too many closed sockets that live on.",
		Story: "A closed socket lives on as an orphan until the peer has acknowledged everything. " +
			"Their number is limited for the whole machine by tcp_max_orphans. " +
			"Above the limit close does not wait for the peer any more: it sends a RST.",
		Causes: causes, Findings: tooManyOrphans,
		Families: bothFamilies, Path: Packets, HostChanges: true, Run: playOrphanLimit,
	}, {
		Name:  "orphan-limit-timer",
		Title: "An orphan is given up when its retransmission timer finds too many of them.",
		Story: "The server has closed and the client does not acknowledge its FIN. " +
			"When the time to send the FIN again has come, the machine has more orphans than it may have: " +
			"instead of the FIN the kernel sends a RST.",
		Causes: causes, Findings: tooManyOrphans,
		Families: bothFamilies, Path: Packets, HostChanges: true, Run: playOrphanLimitTimer,
	}}
}

const orphanLimit = "/proc/sys/net/ipv4/tcp_max_orphans"

// withoutOrphans runs fn while the machine may have no orphan at all.
func (e *Env) withoutOrphans(fn func()) {
	before, err := os.ReadFile(orphanLimit)
	if errors.Is(err, fs.ErrNotExist) {
		err = unavailable(orphanLimit, "it can be reached only from the initial network namespace")
	}
	e.must(err)
	set := func(value string) error { return os.WriteFile(orphanLimit, []byte(value), 0) }
	e.must(set("0"))
	// Also when fn ends the scenario.
	defer func() {
		if err := set(strings.TrimSpace(string(before))); err != nil && e.err == nil {
			e.err = err
		}
	}()
	fn()
}

// playOrphanLimit closes one connection after the other until the limit bites:
// the kernel compares it with a number of orphans that it renews every 100 ms.
func playOrphanLimit(e *Env) {
	e.keepOrphans(serverEnd)
	server, listener := e.listen(1)
	const attempts, renewal = 100, 100 * time.Millisecond
	first := e.dial(peerPort)
	listener.Accept().Close()
	e.leaveOrphan(first)
	e.Stepf("server closes a connection; it lives on as an orphan")
	for attempt := range uint16(attempts) {
		flow := e.dial(peerPort + 1 + attempt)
		sock := listener.Accept()
		time.Sleep(renewal)
		e.withoutOrphans(sock.Close)
		if _, alive := e.lookUp(serverEnd, flow.Remote, flow.Local); alive {
			e.leaveOrphan(flow) // its timer must not find the limit the next time
			continue
		}
		e.awaitFrom(flow, event.RST)
		e.Stepf("no orphan is allowed any more; server closes another connection: after the FIN its kernel sends a RST")
		c := &conversation{env: e, server: server, serverAt: flow.Remote, clientAt: flow.Local}
		e.Expect(c.sentByServer(cause.OrphanLimit, event.StateFinWait1))
		return
	}
	e.Failf("%d closes with tcp_max_orphans 0 and no RST", attempts)
}

// leaveOrphan acknowledges the FIN of a closed connection: an orphan without
// anything to do remains.
func (e *Env) leaveOrphan(flow *packetpeer.Flow) {
	e.awaitFrom(flow, event.FIN)
	e.must(flow.Send(event.ACK, nil))
	e.AwaitOrphan(serverEnd, flow.Remote, flow.Local, event.StateFinWait2)
}

func playOrphanLimitTimer(e *Env) {
	c, flow := e.converseWithPeer(serverEnd)
	c.serverSock.Close()
	e.awaitFrom(flow, event.FIN)
	e.Stepf("server closes; the client does not acknowledge the FIN")
	e.withoutOrphans(func() {
		e.awaitFrom(flow, event.RST)
		e.AwaitGone(serverEnd, c.serverAt, c.clientAt)
	})
	e.Stepf("no orphan is allowed any more: its timer ends it with a RST")

	sent := c.sentByServer(cause.OrphanLimit, event.StateFinWait1)
	sent.Sources = closedByServer
	e.Expect(sent)
}
