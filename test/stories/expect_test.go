package stories

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// reset is an event as a story expects or finds it.
type reset struct {
	On     string // host
	Dir    event.Dir
	Cause  event.CauseID
	Port   uint16 // of the server's end
	State  event.State
	Owner  string // COMM[PID]
	InCall bool   // sent, and in the owner's own system call or at its end
	Ended  string // the signal that ended the owner
	App    event.App
	Lost   event.Lost
	Pipe   string // what a follow-up told of SIGPIPE
	// OtherEnd is the host of the event that this one names as its other end.
	OtherEnd string
}

// Numbers of bytes that a story does not determine.
const (
	some  = ^uint32(0) // not 0
	maybe = some - 1   // any, also 0
)

// What applications get.
var (
	connectionReset = event.App{
		Errno: "ECONNRESET", ErrorCall: "read", Reported: kernelReports, AfterError: closedCalls,
		Calls: event.Calls{Poll: pollError, SOError: "ECONNRESET", Read: "ECONNRESET", Write: "ECONNRESET"},
	}
	brokenPipe = event.App{
		Errno: "EPIPE", SIGPIPE: true, ErrorCall: "write", Reported: kernelReports, AfterError: closedCalls,
		Calls: event.Calls{Poll: pollError, SOError: "EPIPE", Read: "EOF", Write: "EPIPE", SIGPIPE: true},
	}
	refused = event.App{
		Errno: "ECONNREFUSED", ErrorCall: "connect", Reported: kernelReports,
		Calls:      event.Calls{Connect: "ECONNREFUSED", Poll: pollError, SOError: "ECONNREFUSED", Read: "ECONNREFUSED", Write: "ECONNREFUSED"},
		AfterError: event.Calls{SOError: "0", Write: "EPIPE", SIGPIPE: true},
	}
	closedCalls = event.Calls{Poll: "IN|OUT|HUP|RDHUP", SOError: "0", Read: "EOF", Write: "EPIPE", SIGPIPE: true}
)

const pollError = "IN|OUT|ERR|HUP|RDHUP"

const (
	pipeCaught = "caught"
	pipeFatal  = "fatal"
)

// expect awaits the story's resets, ends rsttrace, and holds what it said
// against them, the kernel's counters and the page.
func (s *story) expect(block string, want ...reset) {
	s.Helper()
	s.await(fmt.Sprintf("rsttrace shows %d events", len(want)), func() bool {
		events, _ := s.events()
		return len(events) >= len(want)
	})
	s.trace.json.end()
	events, followups := s.events()
	got := make([]reset, 0, len(events))
	for _, e := range events {
		got = append(got, s.reset(e, events, followups))
	}
	slices.SortFunc(want, order)
	slices.SortFunc(got, order)
	if len(got) == len(want) {
		for i := range got {
			got[i].Lost = vague(got[i].Lost, want[i].Lost)
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		s.Errorf("events (-want +got):\n%s\n%s", diff, s.said())
	}
	s.checkCounters(want)
	s.checkSIGPIPE(events)
	if s.Failed() {
		return
	}
	if s.trace.text != nil {
		s.trace.text.end()
		s.writeBlock(block, s.trace.text.shown())
	}
	s.checkBlock(block, s.findings())
}

// checkCounters: every RST that a host has sent is an event, and only these.
func (s *story) checkCounters(want []reset) {
	s.Helper()
	for _, h := range s.hosts {
		sent := uint64(0)
		for _, r := range want {
			if r.On == h.name && r.Dir == event.Sent {
				sent++
			}
		}
		if grown := h.outRsts() - h.sentAt; grown != sent {
			s.Errorf("%s: the kernel counted %d sent RSTs, want %d", h.name, grown, sent)
		}
	}
}

// followup is a line of that kind.
type followup struct {
	Event uint64 `json:"event"`
	What  string `json:"what"`
	Ended bool   `json:"ended"`
}

// events are those of the story's hosts that rsttrace has shown so far.
func (s *story) events() (events []event.Event, followups []followup) {
	s.Helper()
	for line := range strings.Lines(s.trace.json.output.String()) {
		if !strings.HasSuffix(line, "\n") {
			break // not yet written to its end
		}
		var kind struct{ Kind event.Kind }
		s.must(json.Unmarshal([]byte(line), &kind))
		switch kind.Kind {
		case event.KindEvent:
			var e event.Event
			s.must(json.Unmarshal([]byte(line), &e))
			if s.hostOf(e) != "" {
				events = append(events, e)
			}
		case event.KindFollowup:
			var f followup
			s.must(json.Unmarshal([]byte(line), &f))
			followups = append(followups, f)
		}
	}
	return events, followups
}

// findings are all that rsttrace has said of them, but for the totals.
func (s *story) findings() (findings []event.Finding) {
	s.Helper()
	for _, f := range s.allFindings() {
		if f.Phase != event.FindingTotal {
			findings = append(findings, f)
		}
	}
	return findings
}

func (s *story) allFindings() (findings []event.Finding) {
	s.Helper()
	for line := range strings.Lines(s.trace.json.output.String()) {
		var kind struct{ Kind event.Kind }
		s.must(json.Unmarshal([]byte(line), &kind))
		if kind.Kind != event.KindFinding {
			continue
		}
		var f event.Finding
		s.must(json.Unmarshal([]byte(line), &f))
		findings = append(findings, f)
	}
	return findings
}

func (s *story) hostOf(e event.Event) string {
	for _, h := range s.hosts {
		if h.ns.Inode() == e.Netns.Inode {
			return h.name
		}
	}
	return ""
}

func (s *story) reset(e event.Event, events []event.Event, followups []followup) reset {
	r := reset{
		On: s.hostOf(e), Dir: e.Dir, Cause: e.Cause, Port: min(e.Local.Port, e.Peer.Port), State: e.State,
		InCall: e.Dir == event.Sent && e.Owner.Source == event.FromCurrent,
		Ended:  e.Owner.Ended.Signal, App: e.App, Lost: e.Lost,
	}
	r.App.DataFirst = false // how far a program has read by then no story determines
	if e.Owner.PID != 0 {
		r.Owner = owner(e.Owner.Comm, int(e.Owner.PID))
	}
	for _, other := range events {
		if other.ID == e.PeerEvent && other.Local == e.Peer && other.Peer == e.Local {
			r.OtherEnd = s.hostOf(other)
		}
	}
	for _, f := range followups {
		if f.Event != e.ID || f.What != "sigpipe" {
			continue
		}
		r.Pipe = pipeCaught
		if f.Ended {
			r.Pipe = pipeFatal
		}
	}
	return r
}

func owner(comm string, pid int) string { return fmt.Sprintf("%s[%d]", comm, pid) }

func order(a, b reset) int {
	return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Dir, b.Dir), cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.Port, b.Port))
}

// vague replaces numbers that the story does not determine.
func vague(got, want event.Lost) event.Lost {
	replace := func(got *uint32, want uint32) {
		if want == some && *got > 0 || want == maybe {
			*got = want
		}
	}
	replace(&got.UnreadBytes, want.UnreadBytes)
	replace(&got.UnsentBytes, want.UnsentBytes)
	replace(&got.UnackedBytes, want.UnackedBytes)
	return got
}
