package finding

import (
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestOneKindOfClose: what the other end sends arrives before a close or after it, by
// chance. The resets are one finding all the same.
func TestOneKindOfClose(t *testing.T) {
	early := func(comm string) event.Event {
		return with(sentBy(1, cause.UnreadDataOnClose, comm), func(e *event.Event) {
			e.Conn, e.Lost.UnreadBytes = event.Conn{Known: true, Role: event.Server, AgeMillis: 1, BytesReceived: 41}, 41
		})
	}
	late := func(comm string) event.Event {
		return with(sentBy(2, cause.DataAfterClose, comm), func(e *event.Event) {
			e.State, e.Conn = event.StateFinWait2, event.Conn{Known: true, Role: event.Server, AgeMillis: 5, BytesAcked: 23}
			e.Earlier, e.Trigger.Len = event.Earlier{EndedBy: "process", AgoMillis: 4}, 41
		})
	}
	asClient := func(e event.Event) event.Event {
		return with(e, func(e *event.Event) { e.Local, e.Peer, e.Conn.Role = e.Peer, e.Local, event.Client })
	}
	for name, test := range map[string]struct {
		events []event.Event
		want   event.PatternID
	}{
		"turned away":         {[]event.Event{early("sshd"), late("sshd"), with(late("sshd"), func(e *event.Event) { e.Cause = cause.ClosedEarlier })}, "turned-away"},
		"a check":             {[]event.Event{asClient(with(early("nc"), func(e *event.Event) { e.Cause, e.Conn.BytesAcked = cause.LingerZero, 1 })), asClient(with(late("nc"), func(e *event.Event) { e.Conn.BytesAcked = 2 }))}, "port-check"},
		"a client that ended": {[]event.Event{asClient(with(early("curl"), func(e *event.Event) { e.Conn.BytesAcked = 80 })), asClient(with(late("curl"), func(e *event.Event) { e.Conn.BytesAcked = 80 }))}, "client-closed-early"},
		"a farewell": {[]event.Event{
			with(early("app"), func(e *event.Event) { e.Local.Port, e.Lost.UnreadBytes = 443, 24 }),
			with(late("app"), func(e *event.Event) { e.Local.Port, e.Trigger.Len = 443, 24 }),
		}, "unread-farewell"},
		"a race": {[]event.Event{closedIdle(5000, 40), with(closedIdle(5000, 40), func(e *event.Event) { e.Cause = cause.ClosedEarlier })}, "keep-alive-race"},
	} {
		for i := range test.events {
			test.events[i].ID = uint64(i + 1)
		}
		f := run(t, test.events...).last(t, 1)
		if f.Pattern != test.want || f.Resets != uint64(len(test.events)) {
			t.Errorf("%s: %s with %d of %d resets, want %s", name, f.Pattern, f.Resets, len(test.events), test.want)
		}
	}
}

// TestNothingAnswered: a server that closed without a word is not said to have answered.
func TestNothingAnswered(t *testing.T) {
	early := with(sentBy(1, cause.UnreadDataOnClose, "app"), func(e *event.Event) {
		e.Conn, e.Lost.UnreadBytes = event.Conn{Known: true, Role: event.Server, AgeMillis: 90, BytesReceived: 100}, 100
	})
	late := with(sentBy(2, cause.DataAfterClose, "app"), func(e *event.Event) {
		e.State, e.Conn = event.StateFinWait2, event.Conn{Known: true, Role: event.Server, AgeMillis: 90}
		e.Earlier, e.Trigger.Len = event.Earlier{EndedBy: "process", AgoMillis: 16}, 100
	})
	f := run(t, late, early).last(t, 1)
	if f.Pattern != "closed-under-request" || !strings.Contains(f.Summary, "left 100 bytes") || strings.Contains(f.Summary, "answered") {
		t.Errorf("%s: %s", f.Pattern, f.Summary)
	}
}
