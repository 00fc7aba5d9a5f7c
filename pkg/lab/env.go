package lab

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"time"

	"github.com/rsttrace/rsttrace/internal/lab/actor"
	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// waitTimeout bounds every wait for a condition: long, because emulated
	// machines are slow, and reached only when the kernel does not do what
	// the scenario is about.
	waitTimeout  = time.Minute
	firstPause   = 200 * time.Microsecond
	longestPause = 10 * time.Millisecond
)

// Env is where a scenario plays. Like a testing.T it ends the scenario at the
// first thing that goes wrong; its methods belong to the scenario's goroutine.
type Env struct {
	Family event.Family
	Path   Path

	ctx               context.Context
	step              func(string)
	firstCall         Call // of an application's calls after a reset
	probedCalls       bool // an application made them
	slowestCall       time.Duration
	silent            time.Duration // that was waited on purpose
	began             time.Time
	namespaces        []*netns.Namespace
	actors            []*actorAt
	peer              *packetpeer.Peer
	firewalls         []*netns.Namespace // that got a rule
	expect            []Expectation
	pairs             int
	counterExceptions []CounterException
	kernelDeviates    string
	err               error
}

type actorAt struct {
	*actor.Process
	namespace string
	status    Status
}

// Failf ends the scenario with an error.
func (e *Env) Failf(format string, args ...any) { e.fail(fmt.Errorf(format, args...)) }

func (e *Env) fail(err error) {
	e.err = err
	runtime.Goexit()
}

func (e *Env) must(err error) {
	if err != nil {
		e.fail(err)
	}
}

// Stepf tells the audience what has just happened, in one short sentence.
func (e *Env) Stepf(format string, args ...any) {
	if e.step != nil {
		e.step(fmt.Sprintf(format, args...))
	}
}

// Await returns when the condition holds, and fails when it never does.
func (e *Env) Await(what string, holds func() bool) {
	pause := firstPause
	for deadline := time.Now().Add(waitTimeout); ; pause = min(2*pause, longestPause) {
		if holds() {
			return
		}
		if err := e.ctx.Err(); err != nil {
			e.Failf("waiting until %s: %w", what, err)
		}
		if time.Now().After(deadline) {
			e.Failf("waited in vain until %s", what)
		}
		time.Sleep(pause)
	}
}

// namespace returns a namespace by name. On a path with only one, that is both
// ends' namespace.
func (e *Env) namespace(name string) *netns.Namespace {
	for _, n := range e.namespaces {
		if n.Name() == name {
			return n
		}
	}
	return e.namespaces[0]
}

// Sysctl changes a setting of the namespace in which the named end is.
func (e *Env) Sysctl(end, key, value string) {
	e.must(e.namespace(end).Sysctl(key, value))
}

// Actor starts a process in the namespace of the named end.
func (e *Env) Actor(name, end string) *Actor {
	n := e.namespace(end)
	p, err := actor.Start(e.ctx, n.Do, name)
	e.must(err)
	return e.join(p, n.Name())
}

// join adds a process to the scenario.
func (e *Env) join(p *actor.Process, namespace string) *Actor {
	context.AfterFunc(e.ctx, func() { p.Kill() })
	at := &actorAt{Process: p, namespace: namespace}
	e.actors = append(e.actors, at)
	return &Actor{env: e, at: at}
}

// address is the address of an end that a kernel plays.
func (e *Env) address(end string) netip.Addr {
	addrs := e.plan()
	if end == serverEnd && e.Path != Packets {
		return addrs.second.Addr()
	}
	return addrs.first.Addr()
}
