package probe

import (
	"slices"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestExcludes: what contradicts which limits, in evidence of real kernels.
func TestExcludes(t *testing.T) {
	const (
		rst, rstAck = event.RST, event.RST | event.ACK
		sees        = event.FactSeesPacket
	)
	drop := func(socket event.SockKind, state event.State, flags event.TCPFlags, reason string, facts event.Facts) event.Evidence {
		return event.Evidence{
			Hook: event.HookIgnore, Socket: socket, State: state, Packet: flags, Reason: reason, Dropped: reason != "", Facts: sees | facts,
		}
	}
	placed := func(caller event.Caller, e event.Evidence) event.Evidence {
		e.Caller = caller
		return e
	}
	none, full := event.SockNone, event.SockFull
	for name, test := range map[string]struct {
		e    event.Evidence
		want []string
	}{
		"data for a connection that this host does not know": {
			event.Evidence{Hook: event.HookSendReply, Socket: none, Packet: event.ACK, Facts: sees},
			[]string{LimitSocketless},
		},
		"abort with a reason": {
			event.Evidence{Hook: event.HookSendActive, Socket: full, State: event.StateClose, Prior: event.StateEstablished, Reason: "TCP_STATE"},
			[]string{LimitActive, "no-reasons", "no-state"},
		},
		"obeyed, packet seen": {
			event.Evidence{Hook: event.HookReceive, Socket: full, State: event.StateEstablished, Packet: rst, Facts: sees},
			[]string{LimitReceive, LimitNoRSTPacket},
		},
		"handshake aborted": {
			event.Evidence{Hook: event.HookReceive, Socket: event.SockRequest, State: event.StateListen, Packet: rst, Reason: "NOT_SPECIFIED", Dropped: true, Facts: sees},
			[]string{LimitRequests},
		},
		"TIME_WAIT kept": {
			drop(event.SockTimeWait, event.StateTimeWait, rst, "NOT_SPECIFIED", event.FactSeqExact),
			[]string{LimitTimeWait},
		},
		"challenged, 6.12": {
			drop(full, event.StateEstablished, rst, "TCP_RESET", event.FactSeqInWindow),
			[]string{LimitIgnoredConnection, LimitConnectionSocket, LimitConnectionSide},
		},
		"challenged, 6.1, socket unseen": {
			placed(event.CallerValidateIncoming, drop(none, 0, rst, "TCP_RESET", 0)),
			[]string{LimitIgnoredConnection, "no-callers"},
		},
		"old or beyond, 6.1, socket unseen": {
			placed(event.CallerValidateIncoming, drop(none, 0, rst, "TCP_INVALID_SEQUENCE", 0)),
			[]string{LimitIgnoredConnection, "no-callers"},
		},
		"old, 6.6, socket unseen": {
			placed(event.CallerValidateIncoming, drop(none, 0, rst, "TCP_OLD_SEQUENCE", 0)),
			[]string{LimitIgnoredConnection, LimitConnectionSide, "no-callers"},
		},
		"to a listener, 6.1, socket unseen": {
			placed(event.CallerRcvStateProcess, drop(none, 0, rst, "TCP_RESET", event.FactListener)),
			[]string{LimitIgnoredConnection, LimitConnectionPlace, "no-callers"},
		},
		"to a listener, with ACK, 6.1, socket unseen": {
			placed(event.CallerDoRcv, drop(none, 0, rstAck, "NOT_SPECIFIED", event.FactListener)),
			[]string{LimitIgnoredHandshake, "no-callers"},
		},
		"to a listener, with ACK, at function entry": {
			event.Evidence{Hook: event.HookSendReply, Socket: full, State: event.StateListen, Packet: rstAck, Facts: sees},
			[]string{LimitIgnoredHandshake, LimitHandshakeSocket},
		},
		"handshake challenged, numbers known": {
			drop(event.SockRequest, event.StateNewSynRecv, rst, "NOT_SPECIFIED", event.FactSeqInWindow),
			[]string{LimitRequests, LimitRequestNumbers},
		},
		"handshake kept, numbers unknown": {
			drop(event.SockRequest, event.StateListen, rst, "NOT_SPECIFIED", 0),
			[]string{LimitRequests},
		},
		"signature": {
			drop(full, event.StateEstablished, rst, "TCP_MD5NOTFOUND", event.FactSeqExact),
			[]string{LimitDropSocket},
		},
		"signature, socket unseen": {drop(none, 0, rst, "TCP_MD5NOTFOUND", 0), nil},
		"no connection":            {drop(none, 0, rst, "NO_SOCKET", 0), []string{LimitIgnoredNoSocket}},
	} {
		var got []string
		for _, limit := range limits {
			if limit.Excludes(test.e) {
				got = append(got, limit.ID)
			}
		}
		slices.Sort(got)
		slices.Sort(test.want)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s contradicts %q, want %q", name, got, test.want)
		}
	}
}

func TestLimitByID(t *testing.T) {
	for _, limit := range limits {
		if found, ok := LimitByID(limit.ID); !ok || found.Sentence != limit.Sentence {
			t.Errorf("%s is found as %q, %v", limit.ID, found.Sentence, ok)
		}
	}
	if _, ok := LimitByID("no-such"); ok {
		t.Error("a limit was found that does not exist")
	}
}
