package cause

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestFirstCallTakesTheError: an error is given once. Whatever gives it first,
// afterwards SO_ERROR has none and a write says EPIPE, with SIGPIPE.
func TestFirstCallTakesTheError(t *testing.T) {
	for _, s := range stories() {
		Explain(s.e)
		app := s.e.App
		if app.Errno == "" {
			if app.Calls.Read != "" || app.Calls.Write != "" {
				t.Errorf("%s: no error, and yet %+v", s.name, app)
			}
			continue
		}
		if app.Calls.SOError != app.Errno || app.Calls.Write != app.Errno || app.Calls.Poll == "" {
			t.Errorf("%s: %+v, want %s from SO_ERROR and write", s.name, app.Calls, app.Errno)
		}
		if then := app.AfterError; then.SOError != event.NoError || then.Write != "EPIPE" || !then.SIGPIPE {
			t.Errorf("%s: afterwards %+v", s.name, then)
		}
		if app.SIGPIPE != (app.Errno == "EPIPE") || app.SIGPIPE != app.Calls.SIGPIPE {
			t.Errorf("%s: SIGPIPE %t with %s", s.name, app.SIGPIPE, app.Errno)
		}
		reports := map[string]string{"read": app.Calls.Read, "write": app.Calls.Write, "connect": app.Calls.Connect}
		if reports[app.ErrorCall] != app.Errno {
			t.Errorf("%s: %s is said to report %s, it gives %q", s.name, app.ErrorCall, app.Errno, reports[app.ErrorCall])
		}
	}
}

// TestApplications: what no story has.
func TestApplications(t *testing.T) {
	const (
		receive   = event.HookReceive
		hasSocket = event.FactHasSocket
	)
	closed := event.Calls{Poll: "IN|OUT|HUP|RDHUP", SOError: "0", Read: "EOF", Write: "EPIPE", SIGPIPE: true}
	reset := event.App{
		Errno: "ECONNRESET", ErrorCall: "read", AfterError: closed,
		Calls: event.Calls{Poll: "IN|OUT|ERR|HUP|RDHUP", SOError: "ECONNRESET", Read: "ECONNRESET", Write: "ECONNRESET"},
	}
	unread, queued, hidden := reset, reset, reset
	unread.DataFirst = true
	queued.Calls.Accept = "OK"
	hidden.ErrorCall, hidden.Calls.Read = "write", "EOF"
	opening := reset
	opening.ErrorCall, opening.Calls.Connect, opening.AfterError = "connect", "ECONNRESET", event.Calls{SOError: "0", Write: "EPIPE", SIGPIPE: true}
	queuedUnread := queued
	queuedUnread.DataFirst = true
	for name, test := range map[string]struct {
		evidence event.Evidence
		received uint64
		want     event.App
	}{
		"data waits":               {event.Evidence{Hook: receive, State: event.StateEstablished, Facts: hasSocket | event.FactUnread}, 9, unread},
		"in the accept queue":      {event.Evidence{Hook: receive, State: event.StateEstablished}, 0, queued},
		"CLOSING":                  {event.Evidence{Hook: receive, State: event.StateClosing, Facts: hasSocket}, 0, hidden},
		"FIN_WAIT2 with their FIN": {event.Evidence{Hook: receive, State: event.StateFinWait2, Facts: hasSocket | event.FactPeerFIN}, 0, hidden},
		"simultaneous open":        {event.Evidence{Hook: receive, State: event.StateSynRecv, Facts: hasSocket | event.FactInFlight}, 0, opening},
		"Fast Open, marked":        {event.Evidence{Hook: receive, State: event.StateSynRecv, Facts: hasSocket | event.FactFastOpen}, 0, reset},
		"Fast Open, read":          {event.Evidence{Hook: receive, State: event.StateSynRecv, Facts: hasSocket}, 6, reset},
		"Fast Open, answered":      {event.Evidence{Hook: receive, State: event.StateSynRecv, Facts: hasSocket | event.FactInFlight}, 6, reset},
		"Fast Open, in the queue":  {event.Evidence{Hook: receive, State: event.StateSynRecv, Facts: event.FactUnread}, 6, queuedUnread},
		"data after shutdown, after their FIN": {event.Evidence{
			Hook: event.HookSendReply, State: event.StateClose, Prior: event.StateLastAck, Reason: "TCP_ABORT_ON_DATA",
			Facts: hasSocket | event.FactError | event.FactSeesPacket | event.FactPayload | event.FactNewData,
		}, 0, hidden},
		"MPTCP": {event.Evidence{Hook: receive, State: event.StateEstablished, Facts: hasSocket | event.FactMPTCP}, 0, event.App{}},
	} {
		e := storyEvent(test.evidence)
		e.Conn = event.Conn{Known: true, BytesReceived: test.received}
		Explain(e)
		if diff := cmp.Diff(test.want, e.App); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
