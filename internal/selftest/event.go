package selftest

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// checkVerdict: the evidence decides how certain the cause is, and it is of the address
// family of the scenario. No socket of the lab has a mark.
func (c *comparison) checkVerdict(e *event.Event) {
	if v := cause.Classify(e.Evidence); e.Cause != v.Cause || e.Certainty != v.Certainty {
		c.problemf("%s at %s is said to be %s, its evidence makes it %s, %s (%+v)", e.Cause, e.Local, e.Certainty, v.Cause, v.Certainty, e.Evidence)
	}
	if e.Conn.Mark != 0 {
		c.problemf("%s at %s has the socket mark %d, the lab sets none", e.Cause, e.Local, e.Conn.Mark)
	}
	if family := c.outcome.Family; e.Family != family || e.Evidence.Family != family {
		c.problemf("%s at %s is of family %s, with evidence of %s, it is of %s", e.Cause, e.Local, e.Family, e.Evidence.Family, family)
	}
}

// checkOtherEnd: an event that is named as the other end is one, and only that
// confirms that a RST was handed on.
func (c *comparison) checkOtherEnd(e *event.Event) {
	if e.Confirmed != (e.Dir == event.Sent && e.PeerEvent != 0) {
		c.problemf("%s at %s is confirmed: %t, its other end is event %d", e.Cause, e.Local, e.Confirmed, e.PeerEvent)
	}
	isOtherEnd := func(other event.Event) bool {
		byOutput := e.Chain == event.ChainOutput.String() || other.Chain == event.ChainOutput.String() // it answers this host in the name of the peer
		mirrored := other.Local == e.Peer && other.Peer == e.Local || byOutput && other.Local == e.Local && other.Peer == e.Peer
		return other.ID == e.PeerEvent && mirrored && (other.Dir == event.Sent) != (e.Dir == event.Sent)
	}
	if e.PeerFollows {
		c.problemf("%s at %s does not know the number of its other end, and no filter hides anything", e.Cause, e.Local)
	}
	if e.PeerEvent != 0 && !slices.ContainsFunc(c.events, isOtherEnd) {
		c.problemf("%s at %s names event %d as its other end, which is none", e.Cause, e.Local, e.PeerEvent)
	}
}

func (c *comparison) checkState(expected lab.Expectation, e *event.Event) {
	if limit := c.socketLimit(expected); limit != "" {
		c.limit(probe.SentenceOf(limit))
		expected.States = nil
	}
	if len(expected.States) == 0 && e.State == 0 || slices.Contains(expected.States, e.State) {
		return
	}
	c.problemf("%s at %s has state %q, expected one of %v", e.Cause, e.Local, e.State, expected.States)
}

func (c *comparison) checkConsequence(expected lab.Expectation, e *event.Event) {
	app := e.App
	app.ErrorCall, app.Reported = "", false
	if app != expected.App {
		c.problemf("%s at %s says that the application gets %+v, it gets %+v", e.Cause, e.Local, app, expected.App)
	}
	if expected.Lost != nil && e.Lost != *expected.Lost {
		c.problemf("%s at %s says that %+v was lost, it was %+v", e.Cause, e.Local, e.Lost, *expected.Lost)
	}
}

// checkReported holds the error that the event names, which is inferred, against
// the one that the kernel put on the socket.
func (c *comparison) checkReported(e *event.Event) {
	if !c.visibility.Errors || e.Evidence.Hook == event.HookReject {
		return // what a rule sends comes back, and is an event of its own
	}
	said := e.Kernel.ReportedError.Errno
	switch {
	case e.App.Errno != "" && !e.App.Reported:
		c.problemf("%s at %s says that the application gets %s, the kernel reported %q, with %q on the socket before",
			e.Cause, e.Local, e.App.Errno, said, e.Kernel.PendingErrno)
	case e.App.Errno == "" && said != "" && e.Evidence.Hook == event.HookReceive && !e.Evidence.Has(event.FactMPTCP):
		c.problemf("%s at %s says that no application gets an error, the kernel reported %s", e.Cause, e.Local, said)
	}
}

// checkPosition holds the word for an ignored RST's sequence number against the
// facts, which the kernel side has from the same numbers.
func (c *comparison) checkPosition(e *event.Event) {
	facts := map[event.Position]event.Facts{
		event.PositionOld: event.FactSeqOld, event.PositionExact: event.FactSeqExact, event.PositionInWindow: event.FactSeqInWindow,
	}
	const all = event.FactSeqOld | event.FactSeqExact | event.FactSeqInWindow
	if e.Evidence.Hook != event.HookIgnore || e.RST.Position == "" {
		return
	}
	if e.Evidence.Facts&all != facts[e.RST.Position] {
		c.problemf("%s at %s has a sequence number that is %s, the facts are %s", e.Cause, e.Local, e.RST.Position, e.Evidence.Facts)
	}
}

// checkDiagnosis: the record has the first 63 bytes of a text.
func (c *comparison) checkDiagnosis(expected lab.Expectation, e *event.Event) {
	const most = 63
	if e.RST.Window == nil || e.Dir == event.Sent {
		return // this kernel does not show the packet
	}
	says := expected.DiagText
	if len(says) > most {
		says = strings.TrimSpace(strings.ToValidUTF8(says[:most], ""))
	}
	if e.RST.DiagText != says {
		c.problemf("%s at %s came with the text %q, the event has %q", e.Cause, e.Local, says, e.RST.DiagText)
	}
	if !reflect.DeepEqual(e.RST.Reason, expected.Reason) {
		c.problemf("%s at %s came with the reason %+v, the event has %+v", e.Cause, e.Local, expected.Reason, e.RST.Reason)
	}
}

// clockSlack: the kernel's clock and Go's differ, and are converted and rounded.
const clockSlack = 50 * time.Millisecond

// checkAge: every connection of a scenario began after the scenario did, and was
// seen to begin; so nothing was sent or received in it before.
func (c *comparison) checkAge(e *event.Event) {
	if !e.Conn.Known || e.State == event.StateSynRecv {
		return // no connection, or a handshake that has not ended
	}
	most := e.Time.Sub(c.outcome.Began) + clockSlack
	times := map[string]uint64{"began": e.Conn.AgeMillis}
	if e.State != event.StateSynSent { // else nothing has come yet
		times["received last"] = e.Conn.LastReceivedMillis
		times["sent last"] = e.Conn.LastSentMillis
	}
	for what, millis := range times {
		if since := time.Duration(millis) * time.Millisecond; since == 0 || since > most {
			c.problemf("%s at %s is said to be of a connection that %s %s ago, it was there for at most %s", e.Cause, e.Local, what, since, most)
		}
	}
}
