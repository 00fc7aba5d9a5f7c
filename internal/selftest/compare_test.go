package selftest

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

func addr(text string) netip.Addr { return netip.MustParseAddr(text) }

func TestRightEventsPass(t *testing.T) {
	c := newWorld()
	if c.run(); c.result.Status != Passed || len(c.result.Problems) > 0 || len(c.result.Limits) > 0 {
		t.Errorf("%s, limits %q, problems:\n%s", c.result.Status, c.result.Limits, strings.Join(c.result.Problems, "\n"))
	}
	if want := (OwnerCounts{Due: 3, Present: 3}); c.result.Owners != want {
		t.Errorf("owners %+v, want %+v", c.result.Owners, want)
	}
}

// wrongs are the ways in which what was seen can be wrong, one at a time, and
// what the selftest must say of each.
var wrongs = []struct {
	name, says string
	spoil      func(*comparison)
}{
	{"missing", "sent linger-zero of 10.0.0.2:80 was not reported", func(c *comparison) { c.events = without(c.events, sentAt) }},
	{"twice", "no such RST was due", func(c *comparison) { c.events = append(c.events, c.events[receivedAt]) }},
	{"invented", "no such RST was due", func(c *comparison) {
		e := c.events[receivedAt]
		e.Local.Port++
		c.events = append(c.events, e)
	}},
	{"in another namespace", "was not reported", func(c *comparison) { c.events[sentAt].Netns.Inode = clientNetns }},
	{"in the wrong direction", "was not reported", func(c *comparison) { c.events[receivedAt].Dir = event.Ignored }},
	{"of the wrong address", "was not reported", func(c *comparison) { c.events[sentAt].Peer.Port++ }},
	{"with the wrong cause", "was reported as disconnect, it is linger-zero", func(c *comparison) { c.events[sentAt].Cause = cause.Disconnect }},
	{"with no cause", "was reported as unclassified", func(c *comparison) { c.events[sentAt].Cause = unclassified }},
	{"in the wrong state", "has state", func(c *comparison) { c.events[sentAt].State = event.StateFinWait1 }},
	{"without a state", "has state", func(c *comparison) { c.events[sentAt].State = 0 }},
	{"with a state where there is none", "has state", func(c *comparison) { c.events[repliedAt].State = event.StateListen }},

	{"of the wrong process", "names the owner lab-server[22], it is lab-server[21]", func(c *comparison) { c.events[sentAt].Owner.PID++ }},
	{"of the wrong name", "names the owner bash[21]", func(c *comparison) { c.events[sentAt].Owner.Comm = "bash" }},
	{"without an owner", "names no owner, it is server", func(c *comparison) { c.events[sentAt].Owner = event.Owner{} }},
	{"with an owner where there is none", "there is none", func(c *comparison) { c.events[repliedAt].Owner = c.events[sentAt].Owner }},
	{"of the wrong thread", "was the doing of thread 21, it is said to be that of 5", func(c *comparison) { c.events[sentAt].Owner.TID = 5 }},
	{"with the wrong source", "knows its owner from connector", func(c *comparison) { c.events[receivedAt].Owner.Source = event.FromConnector }},
	{"of a process that lives", "says that the owner ended with nothing", func(c *comparison) { c.events[rejectedAt].Owner.Ended = event.Ended{} }},
	{"of a process that ended otherwise", "ended with exit code 1", func(c *comparison) {
		code := 1
		c.events[rejectedAt].Owner.Ended = event.Ended{ExitCode: &code}
	}},
	{"of a process that has not ended", "says that the owner ended with SIGSEGV", func(c *comparison) { c.events[sentAt].Owner.Ended.Signal = "SIGSEGV" }},
	{"with a holder too few", "as further holders", func(c *comparison) { c.events[receivedAt].Owner.Others = nil }},
	{"with a holder too many", "as further holders", func(c *comparison) {
		c.events[receivedAt].Owner.Others = append(slices.Clone(c.events[receivedAt].Owner.Others), event.ProcessRef{PID: 99})
	}},
	{"brought about by nobody", "says that [0] brought it about", func(c *comparison) { c.events[rejectedAt].Initiator = event.Initiator{} }},
	{"brought about by another", "it was lab-helper[12]", func(c *comparison) { c.events[rejectedAt].Initiator.PID++ }},
	{"brought about by an unknown command", "runs \"\"", func(c *comparison) { c.events[rejectedAt].Initiator.Cmdline = "" }},
	{"brought about by a child of another", "was started by rsttrace[1]", func(c *comparison) { c.events[rejectedAt].Initiator.Parent.PID = 1 }},
	{"brought about where nobody did", "nobody else did", func(c *comparison) {
		c.events[sentAt].Initiator = event.Initiator{ProcessRef: event.ProcessRef{PID: 5}}
	}},
	{"by the wrong chain", "has chain", func(c *comparison) { c.events[rejectedAt].Chain = "input" }},
	{"not as forwarded", "forwarded false", func(c *comparison) { c.events[rejectedAt].Forwarded = false }},

	{"after an end that was none", "says that the connection had been ended by", func(c *comparison) { c.events[repliedAt].Earlier.EndedBy = "timer" }},
	{"after the wrong event", "says that event 7", func(c *comparison) { c.events[repliedAt].Earlier.Event = 7 }},
	{"after an event that is not named", "says that event 0", func(c *comparison) {
		c.outcome.Expect[rejectedAt].Earlier, c.events[sentAt].ID = c.outcome.Expect[sentAt].Pair, 5
	}},

	{"with the wrong errno", "says that the application gets", func(c *comparison) { c.events[receivedAt].App.Errno = "EPIPE" }},
	{"without an errno", "says that no application gets an error, the kernel reported ECONNRESET", func(c *comparison) { c.events[receivedAt].App = event.App{} }},
	{"with an errno that nobody gets", "says that the application gets", func(c *comparison) { c.events[sentAt].App = reset }},
	{"with an errno that the kernel did not report", "the kernel reported \"EPIPE\"", func(c *comparison) {
		c.events[receivedAt].App.Reported, c.events[receivedAt].Kernel.ReportedError.Errno = false, "EPIPE"
	}},
	{"with SIGPIPE", "says that the application gets", func(c *comparison) { c.events[receivedAt].App.SIGPIPE = true }},
	{"with the wrong call", "says that the application gets", func(c *comparison) { c.events[receivedAt].App.Calls.Read = "EOF" }},
	{"with too many bytes lost", "was lost, it was", func(c *comparison) { c.events[sentAt].Lost.UnreadBytes++ }},
	{"with bytes lost in another way", "was lost, it was", func(c *comparison) { c.events[sentAt].Lost = event.Lost{UnsentBytes: 5} }},
	{"with no bytes lost", "was lost, it was", func(c *comparison) { c.events[sentAt].Lost = event.Lost{} }},

	{"with the wrong sequence number", "no RST like this was on the wire", func(c *comparison) { c.events[sentAt].RST.Seq++ }},
	{"with the wrong acknowledgement", "no RST like this was on the wire", func(c *comparison) { c.events[sentAt].RST.Ack++ }},
	{"with the wrong flags", "no RST like this was on the wire", func(c *comparison) { c.events[sentAt].RST.Flags = event.RST }},
	{"with a position that the facts do not have", "has a sequence number that is old", func(c *comparison) {
		c.outcome.Expect[receivedAt].Hook = event.HookIgnore
		c.events[receivedAt].Evidence.Hook, c.events[receivedAt].RST.Position = event.HookIgnore, event.PositionOld
	}},
	{"with the wrong text", "came with the text \"bye\"", func(c *comparison) { c.events[receivedAt].RST.DiagText = "hello" }},
	{"with a text that was not there", "came with the text \"\"", func(c *comparison) { c.outcome.Expect[receivedAt].DiagText = "" }},
	{"not on the wire", "no RST like this was on the wire", func(c *comparison) {
		c.witness.segments["client"] = nil
	}},
	{"on the wire and nowhere else", "on the wire in client and not expected", func(c *comparison) {
		c.witness.segments["client"] = append(c.witness.segments["client"], c.witness.segments["server"][0])
	}},
	{"counted twice by the kernel", "TcpOutRsts in server grew by 3", func(c *comparison) { c.witness.growth["server"]["TcpOutRsts"]++ }},
	{"not counted by the kernel", "TCPAbortOnData in server grew by 0", func(c *comparison) { c.witness.growth["server"]["TCPAbortOnData"] = 0 }},
	{"not in the number of an exception", "TcpOutRsts in server grew by 2", func(c *comparison) {
		c.outcome.CounterExceptions = []lab.CounterException{{Namespace: "server", Counter: "TcpOutRsts", More: 1}}
	}},

	{"older than the scenario", "it was there for at most", func(c *comparison) { c.events[sentAt].Conn.AgeMillis = 5000 }},
	{"of no age", "began 0s ago", func(c *comparison) { c.events[sentAt].Conn.AgeMillis = 0 }},
	{"silent for longer than the scenario", "received last 5s ago", func(c *comparison) { c.events[sentAt].Conn.LastReceivedMillis = 5000 }},
	{"with a clock that is off", "it was there for at most", func(c *comparison) { c.events[sentAt].Time = began.Add(-time.Minute) }},
	{"without words", "has no summary", func(c *comparison) { c.events[sentAt].Summary = "" }},
	{"without advice", "has no summary or no remedy", func(c *comparison) { c.events[sentAt].Remedy = "" }},

	{"of nobody in the table of owners", "the table of owners does not name lab-server", func(c *comparison) { clear(c.tops.after) }},
	{"not new in the table of owners", "the table of owners does not name lab-server", func(c *comparison) { c.tops.before = c.tops.after }},
	{"of another in the table of owners", "the table of owners names \"bash\"", func(c *comparison) {
		c.tops.after[ownerKey{evidence: c.events[sentAt].Evidence, comm: "bash", netns: serverNetns}] = 1
	}},
	{"shown where this kernel cannot show it", "although this kernel is said to be unable to show it", func(c *comparison) { c.visibility.SendActive = false }},
	{"with a packet that this kernel cannot show", "was reported as peer-aborted, it is peer-gone", func(c *comparison) {
		c.visibility.ReceivedPacket, c.outcome.Expect[receivedAt].WithoutPacket = false, cause.PeerGone
	}},
	{"without the packet that this kernel shows", "lacks the RST itself", func(c *comparison) { c.events[receivedAt].Evidence.Facts = 0 }},
	{"with the error of a kernel that reports none", "says that the application gets", func(c *comparison) {
		c.visibility.Errors, c.events[receivedAt].App.Errno = false, "EPIPE"
	}},
}

func TestWrongEventsFail(t *testing.T) {
	for _, wrong := range wrongs {
		t.Run(wrong.name, func(t *testing.T) {
			c := newWorld()
			wrong.spoil(c)
			c.run()
			if c.result.Status != Failed || !strings.Contains(strings.Join(c.result.Problems, "\n"), wrong.says) {
				t.Errorf("%s, no problem says %q:\n%s", c.result.Status, wrong.says, strings.Join(c.result.Problems, "\n"))
			}
		})
	}
}

// TestWrongOwnersAreCounted: their number must be 0 in the report.
func TestWrongOwnersAreCounted(t *testing.T) {
	c := newWorld()
	c.events[sentAt].Owner.PID++
	c.events[receivedAt].Owner.Others = nil
	c.events[repliedAt].Owner = c.events[rejectedAt].Owner
	c.run()
	if want := (OwnerCounts{Due: 3, Present: 2, Wrong: 3}); c.result.Owners != want {
		t.Errorf("owners %+v, want %+v", c.result.Owners, want)
	}
}

// TestLimits: what this kernel cannot show must be absent, and is said.
func TestLimits(t *testing.T) {
	for _, hidden := range []struct {
		limit string
		at    int
		hide  func(*probe.Visibility)
	}{
		{probe.LimitActive, sentAt, func(s *probe.Visibility) { s.SendActive = false }},
		{probe.LimitReceive, receivedAt, func(s *probe.Visibility) { s.Receive = false }},
		{probe.LimitSocketless, repliedAt, func(s *probe.Visibility) { s.Socketless = false }},
		{probe.LimitReply, repliedAt, func(s *probe.Visibility) { s.FullReply = false }},
		{probe.LimitReject, rejectedAt, func(s *probe.Visibility) { s.Reject = false }},
	} {
		c := newWorld()
		hidden.hide(&c.visibility)
		evidence := c.events[hidden.at].Evidence
		c.events = without(c.events, hidden.at)
		for i := range c.events {
			c.events[i].PeerEvent, c.events[i].Confirmed = 0, false // it may be the one that is hidden
		}
		for key := range c.tops.after {
			if key.evidence == evidence {
				delete(c.tops.after, key)
			}
		}
		c.run()
		want := []string{probe.SentenceOf(hidden.limit)}
		if c.result.Status != Limited || !slices.Equal(c.result.Limits, want) {
			t.Errorf("%s: %s, limits %q, problems:\n%s", hidden.limit, c.result.Status, c.result.Limits, strings.Join(c.result.Problems, "\n"))
		}
	}
}

// TestTotals: what was shown or lost must have been counted, and a program that
// the verifier refuses ends the run.
func TestTotals(t *testing.T) {
	totals := event.Totals{Shown: 2, Lost: 1}
	if accountFor(totals) == nil {
		t.Error("three events of which none was counted were taken")
	}
	if err := accountFor(event.Totals{}); err != nil {
		t.Error(err)
	}
	if err := checkPrograms([]probe.HookStatus{{Function: "tcp_reset", Refused: nil}}); err != nil {
		t.Error(err)
	}
}
