package finding

import (
	"slices"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestSilence: what was renewed behind the silence does not count, and what is not known
// is not guessed.
func TestSilence(t *testing.T) {
	closedBy := func(by string, ago uint64) event.Earlier { return event.Earlier{EndedBy: by, AgoMillis: ago} }
	for name, test := range map[string]struct {
		e    event.Event
		want quiet
	}{
		"received: the request renewed what was sent": {event.Event{Dir: event.Received, Conn: event.Conn{LastReceivedMillis: 11_000, LastSentMillis: 1}}, quiet{millis: 11_000, known: true}},
		"received: the FIN renewed it":                {event.Event{Dir: event.Received, Conn: event.Conn{LastReceivedMillis: 40, LastSentMillis: 1, PeerFinMillis: 40}}, quiet{}},
		"received: the FIN, with its note":            {event.Event{Dir: event.Received, Conn: event.Conn{LastReceivedMillis: 40, LastSentMillis: 1, PeerFinMillis: 40, IdleBeforePeerFinMillis: 5000}}, quiet{millis: 5000, known: true}},
		"a close, with its note": {
			event.Event{Dir: event.Sent, Earlier: event.Earlier{EndedBy: "process", AgoMillis: 40, IdleBeforeMillis: 2000}, Conn: event.Conn{LastReceivedMillis: 1, LastSentMillis: 3040, BytesAcked: 900}},
			quiet{millis: 2000, known: true},
		},
		"received: the peer was never heard": {event.Event{Dir: event.Received, Conn: event.Conn{LastSentMillis: 1}}, quiet{}},
		"a request met a close": {
			event.Event{Dir: event.Sent, Earlier: closedBy("process", 40), Conn: event.Conn{LastReceivedMillis: 1, LastSentMillis: 3040, BytesAcked: 900, BytesReceived: 300}},
			quiet{millis: 3000, known: true, inferred: true},
		},
		"it was sent after the close":       {event.Event{Dir: event.Sent, Earlier: closedBy("process", 40), Conn: event.Conn{LastReceivedMillis: 1, LastSentMillis: 40, BytesAcked: 900}}, quiet{}},
		"the first request met a close":     {event.Event{Dir: event.Sent, Earlier: closedBy("process", 40), Conn: event.Conn{LastReceivedMillis: 1, LastSentMillis: 3040, BytesAcked: 1}}, quiet{millis: 3000, known: true}},
		"an end that only received":         {event.Event{Dir: event.Sent, Earlier: closedBy("process", 40), Conn: event.Conn{LastReceivedMillis: 1, LastSentMillis: 3040, BytesAcked: 1, BytesReceived: 300}}, quiet{}},
		"a RST had ended it":                {event.Event{Dir: event.Sent, Earlier: closedBy("reset", 40), Conn: event.Conn{LastReceivedMillis: 1, LastSentMillis: 3040, BytesAcked: 900}}, quiet{}},
		"when it was closed is not known":   {event.Event{Dir: event.Sent, Earlier: closedBy("process", 0), Conn: event.Conn{LastReceivedMillis: 1, LastSentMillis: 3040, BytesAcked: 900}}, quiet{}},
		"an abort":                          {event.Event{Dir: event.Sent, Cause: cause.LingerZero, Conn: event.Conn{LastReceivedMillis: 3000, LastSentMillis: 3100}}, quiet{millis: 3000, known: true}},
		"an abort, the answer came last":    {event.Event{Dir: event.Sent, Cause: cause.LingerZero, Conn: event.Conn{LastReceivedMillis: 3000, LastSentMillis: 2900}}, quiet{millis: 2900, known: true}},
		"an abort after the peer's FIN":     {event.Event{Dir: event.Sent, Cause: cause.LingerZero, Conn: event.Conn{LastReceivedMillis: 10, LastSentMillis: 2900, PeerFinMillis: 10}}, quiet{}},
		"it sent after the peer's FIN":      {event.Event{Dir: event.Sent, Cause: cause.LingerZero, Conn: event.Conn{LastReceivedMillis: 3000, LastSentMillis: 2900, PeerFinMillis: 3000}}, quiet{millis: 2900, known: true}},
		"keep-alive: probes are no payload": {event.Event{Dir: event.Sent, Cause: cause.KeepaliveUserTimeout, Conn: event.Conn{LastReceivedMillis: 30_000, LastSentMillis: 200}}, quiet{millis: 30_000, known: true}},
	} {
		test.e.Conn.Known = true
		if got := silenceOf(&test.e); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

// TestInferredIsLikely: a silence that was not measured, and a side that was guessed, make
// a diagnosis likely, and the reason is said.
func TestInferredIsLikely(t *testing.T) {
	firstRequest := with(closedIdle(5000, 40), func(e *event.Event) { e.Conn.BytesAcked, e.Conn.BytesReceived = 1, 0 })
	for name, test := range map[string]struct {
		e       event.Event
		because string // "" where it is exact
	}{
		"measured":         {firstRequest, ""},
		"inferred silence": {closedIdle(5000, 40), "had sent last"},
		"guessed side":     {with(firstRequest, func(e *event.Event) { e.Conn.Role = "" }), "which end listens was not seen; 198.51.100.1:8000 has the lower port"},
	} {
		f := run(t, times(5, test.e, nil)...).last(t, 1)
		if f.Pattern != "keep-alive-race" {
			t.Fatalf("%s: %s", name, f.Pattern)
		}
		want := event.Exact
		if test.because != "" {
			want = event.Likely
		}
		said := slices.ContainsFunc(f.Because, func(s string) bool { return strings.Contains(s, test.because) })
		if f.Certainty != want || said != (test.because != "") {
			t.Errorf("%s: %s because %q, want %s", name, f.Certainty, f.Because, want)
		}
	}
}

// TestOneSilenceIsNoLimit: the diagnosis is certain from the third equal silence on.
func TestOneSilenceIsNoLimit(t *testing.T) {
	e := with(closedIdle(5000, 40), func(e *event.Event) { e.Earlier.IdleBeforeMillis = 5000 })
	for n, want := range map[int]event.Certainty{1: event.Likely, 2: event.Likely, 3: event.Exact} {
		if f := run(t, times(n, e, nil)...).last(t, 1); f.Pattern != "keep-alive-race" || f.Certainty != want {
			t.Errorf("%d: %s, %s because %q, want %s", n, f.Pattern, f.Certainty, f.Because, want)
		}
	}
}

// TestRoleOfTheOtherEnd: one end that knows its role is enough.
func TestRoleOfTheOtherEnd(t *testing.T) {
	for role, want := range map[event.Role]event.Certainty{event.Client: event.Exact, "": event.Likely} {
		sent, received := pair(sentBy(1, cause.UnreadDataOnClose, "app"), receivedBy(2, cause.PeerAborted, "nginx"))
		sent.Lost.UnreadBytes, sent.Conn, received.Conn.Role = 6000, conn(1, 900, 7000, 10), role
		if f := run(t, sent, received).last(t, 1); f.Pattern != "closed-before-read" || f.Certainty != want {
			t.Errorf("role %q: %s, %s because %q, want %s", role, f.Pattern, f.Certainty, f.Because, want)
		}
	}
}
