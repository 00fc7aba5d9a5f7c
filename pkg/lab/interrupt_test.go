package lab

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestInterrupt ends a scenario in each kind of wait. What says is said only
// where the wait was ended, not where its own time was up.
func TestInterrupt(t *testing.T) {
	roottest.Need(t, roottest.Namespaces)
	for _, wait := range []struct {
		what, says string
		path       Path
		run        func(e *Env, waits func()) // waits is called before the wait, when all is set up
	}{
		{"a condition", "waiting until it holds: context canceled", Loopback, func(e *Env, waits func()) {
			waits()
			e.Await("it holds", func() bool { return false })
		}},
		{"a call of an actor", "accept: the process ended", Loopback, func(e *Env, waits func()) {
			listener := e.Actor("server", oneEnd).Listen(netip.MustParseAddrPort("127.0.0.1:8080"), 1)
			waits()
			listener.Accept()
		}},
		{"the end of an actor", "waiting for its end: context canceled", Loopback, func(e *Env, waits func()) {
			server := e.Actor("server", oneEnd)
			waits()
			_, err := server.at.Wait(e.ctx)
			e.must(err)
		}},
		{"a segment", "waiting for a segment: read /dev/net/tun: file already closed", Packets, func(e *Env, waits func()) {
			waits()
			_, err := e.peer.Listen(serverPort)
			e.must(err)
		}},
		{"a way for packets", "waiting for a packet: context canceled", Veth, func(e *Env, waits func()) {
			waits()
			e.must(e.namespace(serverEnd).CutOff(device))
			a, b := e.namespace(clientEnd), e.namespace(serverEnd)
			e.must(netns.AwaitReachable(e.ctx, a, e.plan().first.Addr(), b, e.plan().second.Addr()))
		}},
	} {
		t.Run(wait.what, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			s := Scenario{Name: "stuck", Path: wait.path, Run: func(e *Env) {
				wait.run(e, func() { time.AfterFunc(50*time.Millisecond, cancel) })
			}}
			_, err := Run(ctx, s, event.IPv4, Options{})
			if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), wait.says) {
				t.Errorf("error: %v", err)
			}
		})
	}
}
