package selftest

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

const inode = 7

// oldRST is a RST before the window, and the event of a kernel that drops it
// without its socket.
func oldRST() (lab.Expectation, event.Event) {
	local := event.Endpoint{Addr: netip.AddrFrom4([4]byte{10, 0, 0, 1}), Port: 80}
	peer := event.Endpoint{Addr: netip.AddrFrom4([4]byte{10, 0, 0, 2}), Port: 4000}
	expected := lab.Expectation{
		Namespace: "server", Dir: event.Ignored, Cause: cause.RSTOld, WithoutNumbers: cause.RSTUnacceptable,
		Local: local, Peer: peer, Hook: event.HookIgnore, Socket: event.SockFull, SeenAt: lab.AtConnection,
		States: []event.State{event.StateEstablished}, Owner: "server", Flags: event.RST,
	}
	e := event.Event{
		Dir: event.Ignored, Family: event.IPv4, Local: local, Peer: peer, Netns: event.Netns{Inode: inode},
		Evidence: event.Evidence{
			Hook: event.HookIgnore, Socket: event.SockNone, Packet: event.RST, Caller: event.CallerValidateIncoming,
			Reason: "TCP_INVALID_SEQUENCE", Dropped: true, Family: event.IPv4, Facts: event.FactSeesPacket,
		},
	}
	cause.Explain(&e)
	return expected, e
}

// withoutSockets is what 6.1 shows by tracepoint.
var withoutSockets = probe.Visibility{
	Receive: true, SendActive: true, FullReply: true, Callers: true, State: true, Ignored: true,
	IgnoredNoSocket: true, IgnoredHandshake: true, IgnoredConnection: true, ConnectionPlace: true,
}

// compareOne compares one event with one expectation.
func compareOne(visibility probe.Visibility, expected lab.Expectation, e event.Event) *Result {
	c := comparisonOf(visibility, expected, e)
	c.run()
	return c.result
}

func comparisonOf(visibility probe.Visibility, expected lab.Expectation, e event.Event) *comparison {
	return &comparison{
		result: &Result{}, visibility: visibility, witness: newWitness(), tops: &topWitness{}, events: []event.Event{e},
		outcome: &lab.Outcome{
			Family:     event.IPv4,
			Namespaces: []lab.NamespaceInfo{{Name: "server", Inode: inode}}, Expect: []lab.Expectation{expected},
			Actors: []lab.ActorInfo{{Name: "server", Comm: "server", PID: 9}},
		},
	}
}

func TestCompareWithoutSocket(t *testing.T) {
	expected, right := oldRST()
	if r := compareOne(withoutSockets, expected, right); r.Status != Limited {
		t.Errorf("a right event is %s: %q", r.Status, r.Problems)
	}
	for want, spoil := range map[string]func(*probe.Visibility, *event.Event){
		"no such RST was due": func(_ *probe.Visibility, e *event.Event) { e.Netns.Inode = noNamespace },
		"it is rst-unacceptable": func(_ *probe.Visibility, e *event.Event) {
			e.Cause = cause.RSTOutOfWindow
		},
		"it is rst-old":          func(s *probe.Visibility, _ *event.Event) { s.ConnectionSide = true },
		"said to be unable":      func(s *probe.Visibility, _ *event.Event) { s.IgnoredConnection = false },
		"contradicts the limit ": func(s *probe.Visibility, _ *event.Event) { s.Callers = false },
		"names the owner": func(_ *probe.Visibility, e *event.Event) {
			e.Owner = event.Owner{PID: 9, Comm: "server"}
		},
	} {
		visibility, e := withoutSockets, right
		spoil(&visibility, &e)
		r := compareOne(visibility, expected, e)
		if problems := strings.Join(r.Problems, "\n"); r.Status != Failed || !strings.Contains(problems, want) {
			t.Errorf("%q is not in %s %q", want, r.Status, problems)
		}
	}
}

// TestCompareWithoutPlace: where nothing shows what a RST met, the event may not
// claim to know.
func TestCompareWithoutPlace(t *testing.T) {
	expected, e := oldRST()
	expected.Cause, expected.WithoutNumbers = cause.RSTChallenged, ""
	e.Evidence.Reason, e.Evidence.Caller = "TCP_RESET", 0
	cause.Explain(&e)
	blind := withoutSockets
	blind.ConnectionPlace, blind.Callers = false, false
	if r := compareOne(blind, expected, e); r.Status != Limited {
		t.Errorf("rst-unacceptable is %s: %q", r.Status, r.Problems)
	}
	e.Cause = cause.RSTChallenged
	if r := compareOne(blind, expected, e); r.Status != Failed {
		t.Error("rst-challenged passes, although nothing shows it")
	}
}
