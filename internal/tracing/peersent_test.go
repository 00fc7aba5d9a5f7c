package tracing

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestPeerSent: that no socket of this host sent a RST is said only if it could not have
// been missed. Else the reason is said, and of ends elsewhere nothing.
func TestPeerSent(t *testing.T) {
	all := probe.Visibility{SendActive: true, FullReply: true, Socketless: true, Signed: true, Reject: true, RejectLink: true}
	for name, test := range map[string]struct {
		filter  string
		change  func(*Tracer, *event.Event)
		verdict event.PeerVerdict
		because string
	}{
		"all is seen":        {verdict: event.PeerSentNone},
		"the peer elsewhere": {change: func(_ *Tracer, e *event.Event) { e.Peer.Addr = endpointOf("192.0.2.1:1").Addr }},
		"the other end came": {change: func(_ *Tracer, e *event.Event) { e.PeerEvent = 3 }},
		"sent":               {change: func(_ *Tracer, e *event.Event) { e.Dir = event.Sent }},
		"aborts are hidden":  {change: func(t *Tracer, _ *event.Event) { t.visibility.sees.SendActive = false }, verdict: event.PeerSentNotSeen, because: "tcp_send_active_reset"},
		"replies are hidden": {change: func(t *Tracer, _ *event.Event) { t.visibility.sees.FullReply = false }, verdict: event.PeerSentNotSeen, because: "tcp_v4_send_reset"},
		"without a socket":   {change: func(t *Tracer, _ *event.Event) { t.visibility.sees.Socketless = false }, verdict: event.PeerSentNotSeen, because: "without a full socket"},
		"signed":             {change: func(t *Tracer, _ *event.Event) { t.visibility.sees.Signed = false }, verdict: event.PeerSentNotSeen, because: "signature"},
		"filtered":           {filter: "comm app", change: func(t *Tracer, _ *event.Event) { t.seesSocketless = true }, verdict: event.PeerSentHidden, because: "filter"},
		"fewer than the limit": {change: func(t *Tracer, _ *event.Event) {
			t.visibility.maxRate = 1000
			t.visibility.arrived.add(60, time.Now())
			t.visibility.arrived.add(60, time.Now().Add(time.Second))
		}, verdict: event.PeerSentNone},
		"as many as the limit": {change: func(t *Tracer, _ *event.Event) {
			t.visibility.maxRate = 1000
			t.visibility.arrived.add(70, time.Now())
			t.visibility.arrived.add(70, time.Now().Add(time.Second))
		}, verdict: event.PeerSentNotSeen, because: "--max-rate"},
		"many, but long before": {change: func(t *Tracer, _ *event.Event) {
			t.visibility.maxRate = 1000
			t.visibility.arrived.add(7000, time.Now())
			t.visibility.arrived.add(1, time.Now().Add(3*time.Second))
		}, verdict: event.PeerSentNone},
		"one direction":       {change: func(t *Tracer, _ *event.Event) { t.endPairs = nil }, verdict: event.PeerSentNotSeen, because: "one direction"},
		"held back":           {change: func(t *Tracer, _ *event.Event) { t.lag = time.Second }, verdict: event.PeerSentNotSeen, because: "behind"},
		"the end of the run":  {change: func(t *Tracer, _ *event.Event) { t.draining = true }, verdict: event.PeerSentNotSeen, because: "ends"},
		"the beginning of it": {change: func(t *Tracer, e *event.Event) { e.Time = t.visibility.begun.Add(time.Millisecond) }, verdict: event.PeerSentNotSeen, because: "begun"},
		"events were lost":    {change: func(t *Tracer, _ *event.Event) { t.source.(*fakeSource).counts.Lost = 3 }, verdict: event.PeerSentNotSeen, because: "3 events were lost"},
		"events were missed":  {change: func(t *Tracer, _ *event.Event) { t.source.(*fakeSource).counts.Missed = 2 }, verdict: event.PeerSentNotSeen, because: "2 events were lost or missed"},
		"lost long before": {change: func(t *Tracer, _ *event.Event) {
			t.source.(*fakeSource).counts.Lost, t.visibility.account.lost = 3, 3
		}, verdict: event.PeerSentNone},
		"lost a moment before": {change: func(t *Tracer, e *event.Event) {
			t.source.(*fakeSource).counts.Lost, t.visibility.account = 3, account{since: e.Time, lost: 3}
		}, verdict: event.PeerSentNotSeen, because: "a moment before"},
		"that end sent one, too early": {change: func(t *Tracer, e *event.Event) {
			t.endPairs.pair(&event.Event{ID: 1, Dir: event.Sent, Time: e.Time.Add(-time.Second), Local: e.Peer, Peer: e.Local})
		}, verdict: event.PeerSentNotSeen, because: "sent a RST, which is not this one"},
		"ends were displaced": {change: func(t *Tracer, e *event.Event) {
			for id := range uint64(pairWays + 1) {
				t.endPairs.pair(&event.Event{ID: id + 1, Dir: event.Sent, Time: e.Time, Local: e.Local, Peer: e.Peer})
			}
		}, verdict: event.PeerSentNotSeen, because: "too many"},
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			e := event.Event{ID: 9, Dir: event.Received, Time: begun.Add(time.Minute), Local: endpointOf("127.0.0.1:40000"), Peer: endpointOf("127.0.0.1:80")}
			tracer := tracing(newFakeSource(), test.filter)
			tracer.endPairs = newEndPairs()
			tracer.visibility = visibility{known: true, sees: all, begun: begun, account: account{since: begun}}
			if test.change != nil {
				test.change(tracer, &e)
			}
			got := tracer.peerSent(&e)
			if got.Verdict != test.verdict || !strings.Contains(got.Because, test.because) || (got.Verdict == "") != (got.Because == "") {
				t.Errorf("%s because %q, want %q because %q", got.Verdict, got.Because, test.verdict, test.because)
			}
			if (got.Verdict == event.PeerSentNone) != (len(got.Suspects) > 0) {
				t.Errorf("%s, suspects %v", got.Verdict, got.Suspects)
			}
		})
	}
}

// TestEndThatComesBehind: where the event of the other end may come behind that of the RST,
// it is waited for before it is said that there is none. Nothing else waits so long.
func TestEndThatComesBehind(t *testing.T) {
	all := probe.Visibility{SendActive: true, FullReply: true, Socketless: true, Signed: true}
	for name, test := range map[string]struct {
		change func(*Tracer, *event.Event)
		want   time.Duration
	}{
		"may be none":  {func(*Tracer, *event.Event) {}, provePatience},
		"hidden":       {func(t *Tracer, _ *event.Event) { t.visibility.sees.Signed = false }, pairPatience},
		"sent":         {func(_ *Tracer, e *event.Event) { e.Dir = event.Sent }, pairPatience},
		"of elsewhere": {func(_ *Tracer, e *event.Event) { e.Peer = endpointOf("192.0.2.1:80") }, pairPatience},
	} {
		e := event.Event{ID: 9, Dir: event.Received, Local: endpointOf("127.0.0.1:40000"), Peer: endpointOf("127.0.0.1:80")}
		tracer := tracing(newFakeSource(), "")
		tracer.visibility = visibility{known: true, sees: all}
		test.change(tracer, &e)
		if got := tracer.endPatience(&e); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// TestSuspects: what the kernel would show is no suspect.
func TestSuspects(t *testing.T) {
	loopback, veth := endpointOf("127.0.0.1:80"), endpointOf("10.0.0.1:80")
	for _, test := range []struct {
		rules, links, translated bool
		peer                     event.Endpoint
		want                     []string
	}{
		{true, true, false, veth, []string{event.SuspectForger}},
		{false, false, false, veth, []string{event.SuspectRule, event.SuspectBridge, event.SuspectForger}},
		{false, false, true, loopback, []string{event.SuspectRule, event.SuspectTranslation, event.SuspectForger}},
	} {
		tracer := tracing(newFakeSource(), "")
		tracer.visibility.sees = probe.Visibility{Reject: test.rules, RejectLink: test.links}
		if got := tracer.suspects(&event.Event{Peer: test.peer}, test.translated); !slices.Equal(got, test.want) {
			t.Errorf("%+v: %v", test, got)
		}
	}
}
