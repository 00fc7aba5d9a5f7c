package cause

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestExplainTexts(t *testing.T) {
	var out strings.Builder
	told := map[event.CauseID]bool{}
	for _, s := range stories() {
		Explain(s.e)
		told[s.e.Cause] = true
		fmt.Fprintf(&out, "%s\n  %s %s %s\n  %s\n", s.name, s.e.Dir, s.e.Cause, s.e.Certainty, s.e.Summary)
		for _, phrase := range s.e.Because {
			fmt.Fprintf(&out, "  because %s\n", phrase)
		}
		if s.e.KernelVerdict != "" {
			fmt.Fprintf(&out, "  kernel  %s: %s\n", s.e.Evidence.Reason, s.e.KernelVerdict)
		}
		if s.e.App != (event.App{}) {
			fmt.Fprintf(&out, "  app     %s on %s, SIGPIPE %v\n", s.e.App.Errno, s.e.App.ErrorCall, s.e.App.SIGPIPE)
			fmt.Fprintf(&out, "  first   %s\n  then    %s\n", callsText(s.e.App.Calls, s.e.App.DataFirst), callsText(s.e.App.AfterError, false))
		}
		checkSentence(t, s.name, s.e.Summary)
		if s.e.Cause != Unclassified && strings.Contains(s.e.Summary, "please report it") {
			t.Errorf("%s: %s has no sentence of its own", s.name, s.e.Cause)
		}
	}
	golden(t, "stories.golden", out.String())
	for entry := range All() {
		if !told[entry.ID] && entry.Dir != event.Observed {
			t.Errorf("no story of %s: add one to stories_test.go", entry.ID)
		}
	}
}

// callsText lists what calls give.
func callsText(c event.Calls, dataFirst bool) string {
	var b strings.Builder
	for _, call := range []struct{ name, gives string }{
		{"accept", c.Accept}, {"connect", c.Connect}, {"poll", c.Poll}, {"SO_ERROR", c.SOError}, {"read", c.Read}, {"write", c.Write},
	} {
		if call.gives == "" {
			continue
		}
		fmt.Fprintf(&b, "%s %s ", call.name, call.gives)
		switch {
		case call.name == "read" && dataFirst:
			b.WriteString("after the data ")
		case call.name == "write" && c.SIGPIPE:
			b.WriteString("SIGPIPE ")
		}
	}
	return strings.TrimSpace(b.String())
}

// checkSentence: mistakes that composed sentences make.
func checkSentence(t *testing.T, name, text string) {
	t.Helper()
	for _, mistake := range []string{"  ", " ,", "%!", "1 bytes", "[0]", ". ", "  ", "()"} {
		if strings.Contains(text, mistake) {
			t.Errorf("%s: %q contains %q", name, text, mistake)
		}
	}
	if strings.HasSuffix(text, ".") || strings.TrimSpace(text) != text {
		t.Errorf("%s: %q: want no full stop and no blanks at the ends", name, text)
	}
}

// TestLikelySummariesHedge: an inference is not told as a fact.
func TestLikelySummariesHedge(t *testing.T) {
	for _, s := range stories() {
		Explain(s.e)
		e := *s.e
		e.Certainty = event.Likely
		switch e.Cause {
		case ClosedEarlier, LingerZero, SocketDestroyed, MPTCPReset, RSTOld:
			if text := summary(&e); !strings.Contains(text, "most likely") && !strings.Contains(text, "killed") {
				t.Errorf("%s: %q though it is likely only", s.name, text)
			}
		}
		if s.e.Certainty == event.Likely && !strings.Contains(s.e.Summary, "most likely") {
			t.Errorf("%s: %q though it is likely only", s.name, s.e.Summary)
		}
	}
}

// TestExplainAgain: the owner becomes known after the first call.
func TestExplainAgain(t *testing.T) {
	for _, s := range stories() {
		Explain(s.e)
		once := *s.e
		Explain(s.e)
		if diff := cmp.Diff(once.Summary, s.e.Summary); diff != "" || once.App != s.e.App || once.Cause != s.e.Cause {
			t.Errorf("%s: the second call differs:\n%s", s.name, diff)
		}
	}
	e := storyEvent(event.Evidence{Hook: event.HookReceive, State: event.StateSynSent, Packet: rst | ack, Facts: sp})
	Explain(e)
	if strings.Contains(e.Summary, "curl") {
		t.Fatalf("%q names an owner before it is known", e.Summary)
	}
	owner("curl", 99, event.FromConnector)(e)
	Explain(e)
	if !strings.Contains(e.Summary, "curl[99]") {
		t.Errorf("%q does not name the owner", e.Summary)
	}
}

func TestExplainCopiesTheCatalogue(t *testing.T) {
	e := storyEvent(event.Evidence{Hook: event.HookSendReply, Socket: event.SockNone, Packet: ack, Facts: sp})
	Explain(e)
	entry, _ := Lookup(HalfOpen)
	if e.Remedy != entry.Remedy || e.IETFCause == nil || *e.IETFCause != 2 {
		t.Errorf("remedy %q, IETF cause %v: want those of the entry", e.Remedy, e.IETFCause)
	}
}

// TestNobodyIsToldThroughAClosedDescriptor: app is absent for orphans, whatever
// the cause.
func TestNobodyIsToldThroughAClosedDescriptor(t *testing.T) {
	for _, s := range stories() {
		s.e.Evidence.Facts |= event.FactDead
		Explain(s.e)
		if s.e.App != (event.App{}) {
			t.Errorf("%s: %+v though no descriptor is left", s.name, s.e.App)
		}
	}
}

func TestPhrases(t *testing.T) {
	for got, want := range map[string]string{
		Grouped(0):           "0",
		Grouped(999):         "999",
		Grouped(1448):        "1 448",
		Grouped(1234567):     "1 234 567",
		bytesOf(1, "unread"): "1 unread byte",
		bytesOf(2, ""):       "2 bytes",
		ago(event.Closing{Ago: 400 * time.Microsecond}):                                  "less than 1 ms",
		ago(event.Closing{Ago: 400 * time.Microsecond, Precision: time.Second / 300}):    "less than 4 ms",
		ago(event.Closing{Ago: 12 * time.Millisecond, Precision: 10 * time.Millisecond}): "12 ms",
		ago(event.Closing{Ago: 3200 * time.Millisecond}):                                 "3.2 s",
		ago(event.Closing{Ago: 350 * time.Second}):                                       "5 min",
		ago(event.Closing{Ago: 49 * time.Hour}):                                          "49 h",
		SignalName(9):                                                                    "SIGKILL",
		SignalName(13):                                                                   "SIGPIPE",
		SignalName(31):                                                                   "SIGSYS",
		SignalName(40):                                                                   "signal 40",
		offset(5, 5):                                                                     "rcv_nxt",
		offset(4294967295, 4):                                                            "5 bytes before rcv_nxt",
		offset(2147483648, 0):                                                            "2 147 483 648 bytes before rcv_nxt",
		alsoLost("x", event.Lost{}, true):                                                "x",
		alsoLost("x", event.Lost{UnreadBytes: 1, UnsentBytes: 2, UnackedBytes: 3}, true): "x; lost: 1 unread byte, 2 unsent bytes and 3 unacknowledged bytes",
		alsoLost("x", event.Lost{UnreadBytes: 1}, false):                                 "x",
		alsoLost("x", event.Lost{UnreadBytes: 1, UnsentBytes: 2}, true):                  "x; lost: 1 unread byte and 2 unsent bytes",
		alsoLost("x", event.Lost{UnreadBytes: 1, UnackedBytes: 2}, true):                 "x; lost: 1 unread byte and 2 unacknowledged bytes",
		alsoLost("x", event.Lost{UnsentBytes: 7}, true):                                  "x; lost: 7 unsent bytes",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestRemedyFits: where the event tells more than its cause.
func TestRemedyFits(t *testing.T) {
	late := event.Evidence{Hook: event.HookReceive, State: event.StateCloseWait, Packet: rst, Facts: sp | event.FactPeerFIN | event.FactHasSocket}
	behind := event.Evidence{
		Hook: event.HookSendReply, State: event.StateClose, Prior: event.StateCloseWait, Packet: ack, Reason: "TCP_ABORT_ON_DATA",
		Facts: sp | event.FactPayload | event.FactNewData | event.FactError | event.FactHasSocket | event.FactPeerFIN,
	}
	for name, test := range map[string]struct {
		evidence event.Evidence
		unsent   uint32
		want     string
	}{
		"all was sent":    {late, 0, "Close this side"},
		"still writing":   {late, 470_720, "Read while you write"},
		"behind its FIN":  {behind, 0, "Look at the peer"},
		"while we closed": {event.Evidence{Hook: event.HookReceive, State: event.StateFinWait1, Packet: rst, Facts: sp}, 9, "Find out why the peer aborts"},
	} {
		e := storyEvent(test.evidence)
		e.Lost.UnsentBytes = test.unsent
		Explain(e)
		if !strings.HasPrefix(e.Remedy, test.want) {
			t.Errorf("%s (%s): remedy %q, want %q", name, e.Cause, e.Remedy, test.want)
		}
	}
}
