package selftest

import (
	"cmp"
	"fmt"
	"os"
	"slices"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

func (c *comparison) checkExpectation(expected lab.Expectation, e *event.Event) {
	switch limit := c.hiddenBy(expected); {
	case limit != "" && e == nil:
		c.limit(probe.SentenceOf(limit))
		return
	case limit != "":
		c.problemf("%s was reported although this kernel is said to be unable to show it", e.Cause)
		return
	case e == nil:
		c.problemf("%s %s of %s was not reported: %s; in %s grew %s",
			expected.Dir, expected.Cause, expected.Local, c.counted.text(expected), expected.Namespace, c.witness.growthText(expected.Namespace))
		return
	}
	want, limit := c.due(expected)
	if e.Cause != want {
		c.problemf("%s at %s was reported as %s, it is %s (%+v)", e.Dir, e.Local, e.Cause, want, e.Evidence)
		return
	}
	if limit != "" {
		c.limit(probe.SentenceOf(limit))
	}
	switch blind := e.Evidence.Hook == event.HookReceive && !e.Evidence.SeesPacket(); {
	case blind && c.visibility.ReceivedPacket:
		c.problemf("%s at %s lacks the RST itself, which this kernel is said to pass", e.Cause, e.Local)
	case blind:
		c.limit(probe.SentenceOf(probe.LimitNoRSTPacket))
	}
	c.checkVerdict(e)
	c.checkState(expected, e)
	c.checkConsequence(expected, e)
	c.checkReported(e)
	c.checkPosition(e)
	c.checkAge(e)
	c.checkRole(expected, e)
	c.checkSegments(e)
	c.checkFINs(e)
	c.checkKiller(e)
	c.checkParent(expected, e)
	c.checkListener(expected, e)
	c.checkDiagnosis(expected, e)
	c.checkOwner(expected, e)
	c.checkInitiator(expected, e)
	c.checkRule(expected, e)
	c.checkOtherEnd(e)
	c.checkEarlier(expected, e)
	c.checkText(e)
}

// socketLimit is the limit because of which the event comes without its socket;
// "" where it has one.
func (c *comparison) socketLimit(expected lab.Expectation) string {
	switch {
	case expected.SeenAt == lab.AtEarlyDrop:
		return limitUnless(c.visibility.DropSocket, probe.LimitDropSocket)
	case expected.SeenAt == lab.AtReply && expected.Socket == event.SockFull:
		return limitUnless(c.visibility.HandshakeSocket, probe.LimitHandshakeSocket)
	case expected.SeenAt == lab.AtConnection:
		return limitUnless(c.visibility.ConnectionSocket, probe.LimitConnectionSocket)
	}
	return ""
}

// hidesOwner: without the socket there is no owner, except at a listener, which
// is known by its address.
func (c *comparison) hidesOwner(expected lab.Expectation) bool {
	atListener := slices.Contains(expected.States, event.StateListen) && expected.SeenAt != lab.AtEarlyDrop
	return c.socketLimit(expected) != "" && (!atListener || c.hidesPlace(expected))
}

// checkOwner: no owner may be wrong, and one that is due must be there.
func (c *comparison) checkOwner(expected lab.Expectation, e *event.Event) {
	owner := &c.result.Owners
	if expected.Owner == "" || c.hidesOwner(expected) {
		if e.Owner.PID != 0 {
			owner.Wrong++
			c.problemf("%s at %s names the owner %s[%d], there is none", e.Cause, e.Local, e.Owner.Comm, e.Owner.PID)
		}
		return
	}
	owner.Due++
	if e.Owner.PID == 0 {
		c.problemf("%s at %s names no owner, it is %s (%+v, %+v)", e.Cause, e.Local, expected.Owner, e.Evidence, e.Kernel)
		return
	}
	actor := c.actor(expected.Owner)
	if int(e.Owner.PID) != actor.PID || e.Owner.Comm != actor.Comm {
		owner.Wrong++
		c.problemf("%s at %s names the owner %s[%d], it is %s[%d]", e.Cause, e.Local, e.Owner.Comm, e.Owner.PID, actor.Comm, actor.PID)
		return
	}
	owner.Present++
	c.checkOthers(expected, e)
	if thread := cmp.Or(expected.Thread, actor.PID); int(e.Owner.TID) != thread && e.Owner.Source == event.FromCurrent && e.Owner.Ended == (event.Ended{}) {
		c.problemf("%s at %s was the doing of thread %d, it is said to be that of %d", e.Cause, e.Local, thread, e.Owner.TID)
	}
	if !sourceFits(expected.Sources, e.Owner.Source) {
		c.problemf("%s at %s knows its owner from %s, expected one of %v", e.Cause, e.Local, e.Owner.Source, expected.Sources)
	}
	if !sameExit(e.Owner.Ended, expected.Ended) {
		c.problemf("%s at %s says that the owner ended with %s, it was %s", e.Cause, e.Local, exitText(e.Owner.Ended), exitText(expected.Ended))
	}
}

// checkOthers: where the owner is known as one who holds the socket, all who do
// are listed, and nobody else.
func (c *comparison) checkOthers(expected lab.Expectation, e *event.Event) {
	var want []event.ProcessRef
	if e.Owner.Source == event.FromSocket || e.Owner.Source == event.FromListener {
		for _, name := range expected.Others {
			a := c.actor(name)
			want = append(want, event.ProcessRef{PID: uint32(a.PID), Comm: a.Comm})
		}
	}
	got := slices.Clone(e.Owner.Others)
	byPID := func(a, b event.ProcessRef) int { return cmp.Compare(a.PID, b.PID) }
	slices.SortFunc(want, byPID)
	slices.SortFunc(got, byPID)
	if !slices.Equal(want, got) {
		c.result.Owners.Wrong++
		c.problemf("%s at %s has %v as further holders, they are %v", e.Cause, e.Local, got, want)
	}
}

func (c *comparison) checkInitiator(expected lab.Expectation, e *event.Event) {
	if expected.Initiator == "" {
		if e.Initiator.PID != 0 {
			c.problemf("%s at %s says that %s[%d] brought it about, nobody else did", e.Cause, e.Local, e.Initiator.Comm, e.Initiator.PID)
		}
		return
	}
	if actor := c.actor(expected.Initiator); int(e.Initiator.PID) != actor.PID || e.Initiator.Comm != actor.Comm {
		c.problemf("%s at %s says that %s[%d] brought it about, it was %s[%d]", e.Cause, e.Local, e.Initiator.Comm, e.Initiator.PID, actor.Comm, actor.PID)
	}
	// This process started it.
	if by := &e.Initiator; by.Cmdline == "" || int(by.Parent.PID) != os.Getpid() {
		c.problemf("%s at %s says that %s[%d] runs %q and was started by %s[%d], not by %d", e.Cause, e.Local, by.Comm, by.PID, by.Cmdline, by.Parent.Comm, by.Parent.PID, os.Getpid())
	}
}

// checkRule: the chain of a firewall rule is said, and of nothing else.
func (c *comparison) checkRule(expected lab.Expectation, e *event.Event) {
	if e.Chain != expected.Chain.String() || e.Forwarded != expected.Forwarded {
		c.problemf("%s at %s has chain %q, forwarded %t, expected %s, %t", e.Cause, e.Local, e.Chain, e.Forwarded, expected.Chain, expected.Forwarded)
	}
}

// checkEarlier: what had ended the connection is said, and the event that it was is
// named wherever this kernel shows it.
func (c *comparison) checkEarlier(expected lab.Expectation, e *event.Event) {
	if e.Earlier.EndedBy != expected.EarlierEndedBy {
		c.problemf("%s at %s says that the connection had been ended by %q, it was %q (%+v, %+v, %+v)",
			e.Cause, e.Local, e.Earlier.EndedBy, expected.EarlierEndedBy, e.Evidence, e.Kernel.Closing, e.Kernel.Closer)
	}
	var want event.Earlier
	for i, x := range c.outcome.Expect {
		if expected.Earlier != 0 && x.Pair == expected.Earlier && x.Namespace == expected.Namespace && c.matched[i] != nil {
			want.Event, want.Cause = c.matched[i].ID, c.matched[i].Cause
		}
	}
	if e.Earlier.Event != want.Event || e.Earlier.Cause != want.Cause {
		c.problemf("%s at %s says that event %d (%s) had ended the connection, it was %d (%s)",
			e.Cause, e.Local, e.Earlier.Event, e.Earlier.Cause, want.Event, want.Cause)
	}
}

// sourceFits: who holds a socket may close it while it is being looked for, and
// is then known from that.
func sourceFits(expected []event.OwnerSource, source event.OwnerSource) bool {
	return slices.Contains(expected, source) ||
		source == event.FromCloser && slices.Contains(expected, event.FromSocket)
}

func (c *comparison) actor(name string) lab.ActorInfo {
	for _, a := range c.outcome.Actors {
		if a.Name == name {
			return a
		}
	}
	return lab.ActorInfo{}
}

func (c *comparison) checkText(e *event.Event) {
	if e.Summary == "" || e.Remedy == "" && e.Cause != unclassified {
		c.problemf("%s at %s has no summary or no remedy", e.Cause, e.Local)
	}
}

func sameExit(a, b event.Ended) bool {
	if a.Signal != b.Signal || (a.ExitCode == nil) != (b.ExitCode == nil) {
		return false
	}
	return a.ExitCode == nil || *a.ExitCode == *b.ExitCode
}

func exitText(e event.Ended) string {
	switch {
	case e.Signal != "":
		return e.Signal
	case e.ExitCode != nil:
		return fmt.Sprintf("exit code %d", *e.ExitCode)
	default:
		return "nothing: it lives"
	}
}
