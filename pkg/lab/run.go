package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rsttrace/rsttrace/internal/lab/firewall"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Options of Run; the zero value is fine.
type Options struct {
	// Step gets each step of the scenario, as a short sentence, right after it
	// happened.
	Step func(text string)
	// FirstCall is the call that an application makes first after a reset; empty is
	// CallRead. Of a scenario whose outcome says ProbedCalls, each of Calls shows
	// another side.
	FirstCall Call
	// OnNamespaces is called when the namespaces exist and before anything
	// happens in them: the moment to start a capture and read counters.
	OnNamespaces func([]*Namespace) error
	// BeforeTeardown is called when everything has happened and all actors are
	// gone, while the namespaces still exist. It is called even if the
	// scenario failed, unless OnNamespaces did.
	BeforeTeardown func([]*Namespace) error
}

// Run plays a scenario once. An error means that it could not be played
// (ErrUnavailable) or that the kernel did not behave as the scenario says; the
// outcome is then incomplete. Whatever happens, nothing is left behind.
func Run(ctx context.Context, s Scenario, family event.Family, o Options) (*Outcome, error) {
	e := &Env{Family: family, Path: s.Path, ctx: ctx, step: o.Step, firstCall: cmp.Or(o.FirstCall, CallRead), began: time.Now()}
	defer e.tearDown()
	if err := e.build(); err != nil {
		return nil, fmt.Errorf("scenario %s over %s: %w", s.Name, family, err)
	}
	err := errors.Join(e.playBetween(s, o), e.clearFirewalls())
	outcome := e.outcome(s)
	if err != nil {
		return outcome, fmt.Errorf("scenario %s over %s: %w", s.Name, family, err)
	}
	return outcome, nil
}

// playBetween plays the scenario between the two callbacks.
func (e *Env) playBetween(s Scenario, o Options) error {
	namespaces := shown(e.namespaces)
	if o.OnNamespaces != nil {
		if err := o.OnNamespaces(namespaces); err != nil {
			return err
		}
	}
	err := e.play(s)
	for _, a := range e.actors {
		a.status = Status(a.Quit())
	}
	if o.BeforeTeardown != nil {
		err = errors.Join(err, o.BeforeTeardown(namespaces))
	}
	return err
}

// play runs the scenario in a goroutine of its own, which fail can end.
func (e *Env) play(s Scenario) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(e)
	}()
	<-done
	if interrupted := e.ctx.Err(); interrupted != nil {
		return errors.Join(interrupted, e.err) // what failed, failed because of it
	}
	return e.err
}

// clearFirewalls removes the rules, of an interrupted scenario too.
func (e *Env) clearFirewalls() (err error) {
	for _, n := range e.firewalls {
		err = errors.Join(err, firewall.Clear(context.WithoutCancel(e.ctx), n))
	}
	return err
}

func (e *Env) tearDown() {
	for _, a := range e.actors {
		a.Kill()
	}
	if e.peer != nil {
		e.peer.Close()
	}
	for _, n := range e.namespaces {
		n.Close()
	}
}

func (e *Env) outcome(s Scenario) *Outcome {
	outcome := &Outcome{Scenario: s.Name, Family: e.Family, Began: e.began, Expect: e.expect, Findings: s.Findings, CounterExceptions: e.counterExceptions, KernelDeviates: e.kernelDeviates, ProbedCalls: e.probedCalls, SlowestCall: e.slowestCall}
	for _, n := range e.namespaces {
		outcome.Namespaces = append(outcome.Namespaces, NamespaceInfo{Name: n.Name(), Inode: n.Inode()})
	}
	for _, a := range e.actors {
		outcome.Actors = append(outcome.Actors, ActorInfo{
			Name: a.Name, Comm: a.Comm, PID: a.PID, Namespace: a.namespace, Status: a.status,
		})
	}
	return outcome
}
