package selftest

import (
	"fmt"
	"slices"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// comparison holds the events of one scenario against what it expects.
type comparison struct {
	result     *Result
	outcome    *lab.Outcome
	visibility probe.Visibility
	witness    *witness
	tops       *topWitness
	counted    kernelCounts
	events     []event.Event
	followups  []event.Followup
	// matched is the event of each expectation, nil where none came.
	matched []*event.Event
	slow    bool // both ends of a RST came too far apart to be one
}

func (c *comparison) run() {
	c.result.Events = c.events
	c.match()
	for i, expected := range c.outcome.Expect {
		c.checkExpectation(expected, c.matched[i])
	}
	c.checkExtra()
	c.checkLimits()
	c.checkFindings()
	for _, n := range c.outcome.Namespaces {
		c.checkWire(n)
		c.checkCounters(n)
		c.checkTops(n)
	}
	switch {
	case len(c.result.Problems) > 0:
		c.result.Status = Failed
	case len(c.result.Limits) > 0:
		c.result.Status = Limited
	default:
		c.result.Status = Passed
	}
}

func (c *comparison) problemf(format string, args ...any) {
	c.result.Problems = append(c.result.Problems, fmt.Sprintf(format, args...))
}

func (c *comparison) limit(sentence string) {
	if !slices.Contains(c.result.Limits, sentence) {
		c.result.Limits = append(c.result.Limits, sentence)
	}
}

// match pairs expectations with events by what no tracer can get wrong: place,
// direction and addresses. Everything else is then compared.
func (c *comparison) match() {
	c.matched = make([]*event.Event, len(c.outcome.Expect))
	used := make([]bool, len(c.events))
	// First those that agree in all and can be shown, then the rest, so that a
	// wrong event does not take the place of a right one.
	for _, strict := range []bool{true, false} {
		for _, hidden := range []bool{false, true} {
			c.matchSome(used, strict, hidden)
		}
	}
}

func (c *comparison) matchSome(used []bool, strict, hidden bool) {
	for i, expected := range c.outcome.Expect {
		if c.matched[i] != nil || (c.hiddenBy(expected) != "") != hidden {
			continue
		}
		for j := range c.events {
			if !used[j] && c.fits(expected, &c.events[j], strict) {
				used[j], c.matched[i] = true, &c.events[j]
				break
			}
		}
	}
}

func (c *comparison) fits(expected lab.Expectation, e *event.Event, strict bool) bool {
	if e.Netns.Inode != c.inode(expected.Namespace) || e.Dir != expected.Dir ||
		e.Local != expected.Local || e.Peer != expected.Peer {
		return false
	}
	if strict && e.RST.Flags != 0 && expected.Flags != 0 && e.RST.Flags != expected.Flags {
		return false
	}
	due, _ := c.due(expected)
	return !strict || e.Cause == due && e.Evidence.Hook == expected.Hook
}

// due is the cause that this kernel, reached like this, must report, and the
// limit because of which that is not the one of a perfect tracer; "" without.
func (c *comparison) due(expected lab.Expectation) (event.CauseID, string) {
	if unseen := expected.Expected(c.visibility.ReceivedPacket); unseen != expected.Cause {
		return unseen, probe.LimitNoRSTPacket
	}
	switch {
	case c.hidesPlace(expected):
		return cause.RSTUnacceptable, probe.LimitConnectionPlace
	case expected.WithoutNumbers == "":
	case expected.SeenAt == lab.AtConnection && !c.visibility.ConnectionSide:
		return expected.WithoutNumbers, probe.LimitConnectionSide
	case expected.SeenAt == lab.AtRequest && !c.visibility.RequestNumbers:
		return expected.WithoutNumbers, probe.LimitRequestNumbers
	}
	return expected.Cause, ""
}

// hidesPlace: nothing shows what a RST met that was found without fault. One
// with a wrong number has a reason of its own.
func (c *comparison) hidesPlace(expected lab.Expectation) bool {
	return expected.SeenAt == lab.AtConnection && !c.visibility.ConnectionPlace &&
		expected.WithoutNumbers == "" && !expected.Flags.Has(event.ACK)
}

func (c *comparison) inode(namespace string) uint32 {
	for _, n := range c.outcome.Namespaces {
		if n.Name == namespace {
			return n.Inode
		}
	}
	return 0
}

// hiddenBy is the limit because of which this kernel, reached like this, cannot
// show the event at all; "" where it must be shown.
func (c *comparison) hiddenBy(expected lab.Expectation) string {
	visibility := c.visibility
	switch expected.SeenAt {
	case lab.AtReply:
		if expected.Socket == event.SockNone {
			return limitUnless(visibility.IgnoredNoSocket, probe.LimitIgnoredNoSocket)
		}
		return limitUnless(visibility.IgnoredHandshake, probe.LimitIgnoredHandshake)
	case lab.AtEarlyDrop:
		return limitUnless(visibility.EarlyDrops[expected.Cause], probe.LimitEarlyDrops)
	case lab.AtConnection:
		return limitUnless(visibility.IgnoredConnection, probe.LimitIgnoredConnection)
	case lab.AtRequest:
		return limitUnless(visibility.Requests, probe.LimitRequests)
	case lab.AtTimeWait:
		return limitUnless(visibility.TimeWait, probe.LimitTimeWait)
	case lab.AtLink:
		if visibility.Reject {
			return limitUnless(visibility.RejectLink, probe.LimitRejectLink)
		}
	}
	switch expected.Hook {
	case event.HookReject:
		return limitUnless(visibility.Reject, probe.LimitReject)
	case event.HookSendActive:
		return limitUnless(visibility.SendActive, probe.LimitActive)
	case event.HookReceive:
		return limitUnless(visibility.Receive, probe.LimitReceive)
	case event.HookSendReply:
		if visibility.FullReply && expected.Dir == event.Sent && expected.Socketless() {
			return limitUnless(visibility.Socketless, probe.LimitSocketless)
		}
		return limitUnless(visibility.FullReply, probe.LimitReply)
	}
	return ""
}

func limitUnless(seen bool, limit string) string {
	if seen {
		return ""
	}
	return limit
}

// checkExtra: nothing may be reported that did not happen.
func (c *comparison) checkExtra() {
	for i := range c.events {
		e := &c.events[i]
		if !slices.Contains(c.matched, e) {
			c.problemf("%s %s at %s, peer %s was reported, and no such RST was due (%+v)", e.Dir, e.Cause, e.Local, e.Peer, e.Evidence)
		}
	}
}

// checkLimits: no event has evidence that the limits declare unknowable.
func (c *comparison) checkLimits() {
	for _, limit := range c.visibility.Limits() {
		for i := range c.events {
			if e := &c.events[i]; limit.Excludes(e.Evidence) {
				c.problemf("%s at %s contradicts the limit %s (%+v)", e.Cause, e.Local, limit.ID, e.Evidence)
			}
		}
	}
}
