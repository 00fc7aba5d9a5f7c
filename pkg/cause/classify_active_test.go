package cause

import (
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// A row is evidence as one kernel and method give it, and what it must mean.
type row struct {
	name   string
	e      event.Evidence
	cause  event.CauseID
	likely bool
}

func check(t *testing.T, hook event.Hook, rows []row) {
	t.Helper()
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			tt.e.Hook = hook
			if tt.e.Socket == 0 {
				tt.e.Socket = event.SockFull
			}
			v := Classify(tt.e)
			if v.Cause != tt.cause || (v.Certainty == event.Likely) != tt.likely {
				t.Errorf("Classify = %s (%s, by %q)\n want %s, likely %v\n of %+v", v.Cause, v.Certainty, v.Rule, tt.cause, tt.likely, tt.e)
			}
			if (v.Certainty == event.Likely) != (len(v.Because) > 0) {
				t.Errorf("%s with because %q", v.Certainty, v.Because)
			}
		})
	}
}

// Facts of a socket in the usual situations of the active hook.
const (
	inClose    = event.FactOwned | event.FactHasSocket | event.FactShutRcv | event.FactShutSend
	inConnect  = event.FactOwned | event.FactHasSocket
	orphaned   = event.FactOwned | event.FactDead | event.FactShutRcv | event.FactShutSend
	unread     = event.FactUnread
	lingerZero = event.FactLingerZero
	inTimer    = event.Facts(0)
)

func TestClassifyClose(t *testing.T) {
	const closed, open, closeWait = event.StateClose, event.StateEstablished, event.StateCloseWait
	check(t, event.HookSendActive, []row{
		{"unread, 6.12+", event.Evidence{State: closed, Prior: open, Reason: "TCP_ABORT_ON_CLOSE", Facts: inClose | unread}, UnreadDataOnClose, false},
		{"unread, 6.10: reason always NOT_SPECIFIED", event.Evidence{State: closed, Prior: open, Reason: "NOT_SPECIFIED", Facts: inClose | unread}, UnreadDataOnClose, false},
		{"unread, no reason", event.Evidence{State: closed, Prior: open, Facts: inClose | unread}, UnreadDataOnClose, false},
		{"unread after the peer's FIN, no reason", event.Evidence{State: closed, Prior: closeWait, Facts: inClose | unread | event.FactPeerFIN}, UnreadDataOnClose, false},
		{"unread in a Fast Open child, no reason", event.Evidence{State: closed, Prior: event.StateSynRecv, Facts: inClose | unread | event.FactFastOpen}, UnreadDataOnClose, false},
		{"unread with SO_LINGER {1,0}: close looks at unread data first", event.Evidence{State: closed, Prior: open, Facts: inClose | unread | lingerZero}, UnreadDataOnClose, false},
		{"unread after half-close, caller known", event.Evidence{State: closed, Prior: event.StateFinWait2, Caller: event.CallerTCPClose, Facts: inClose | unread}, UnreadDataOnClose, false},
		{"unread after half-close, no caller", event.Evidence{State: closed, Prior: event.StateFinWait2, Facts: inClose | unread}, UnreadDataOnClose, true},
		{"read but still queued, caller known", event.Evidence{State: closed, Prior: event.StateFinWait2, Caller: event.CallerTCPClose, Facts: inClose}, UnreadDataOnClose, false},
		{"read but still queued, 6.12.0: reason", event.Evidence{State: closed, Prior: open, Reason: "TCP_ABORT_ON_CLOSE", Facts: inClose}, UnreadDataOnClose, false},
		{"read but still queued: only close shuts an established connection", event.Evidence{State: closed, Prior: open, Facts: inClose}, UnreadDataOnClose, false},

		{"linger, 6.12+", event.Evidence{State: closed, Prior: open, Reason: "TCP_STATE", Facts: inClose | lingerZero}, LingerZero, false},
		{"linger, no reason", event.Evidence{State: closed, Prior: open, Facts: inClose | lingerZero}, LingerZero, false},
		{"linger from CLOSE_WAIT", event.Evidence{State: closed, Prior: closeWait, Facts: inClose | lingerZero | event.FactPeerFIN}, LingerZero, false},
		{"linger from CLOSE_WAIT with unsent data", event.Evidence{State: closed, Prior: closeWait, Facts: inClose | lingerZero | event.FactPeerFIN | event.FactUnsent}, LingerZero, false},
		{"linger from SYN_RECV", event.Evidence{State: closed, Prior: event.StateSynRecv, Facts: inClose | lingerZero}, LingerZero, false},
		{"linger after half-close, caller known", event.Evidence{State: closed, Prior: event.StateFinWait2, Caller: event.CallerTCPClose, Facts: inClose | lingerZero}, LingerZero, false},
		{"linger after half-close, no caller", event.Evidence{State: closed, Prior: event.StateFinWait2, Reason: "TCP_STATE", Facts: inClose | lingerZero}, LingerZero, true},
		{"linger, state before unknown", event.Evidence{State: closed, Facts: inClose | lingerZero}, LingerZero, true},

		{"disconnect, 6.12+", event.Evidence{State: closed, Prior: open, Reason: "TCP_STATE", Facts: inConnect}, Disconnect, false},
		{"disconnect, no reason", event.Evidence{State: closed, Prior: open, Facts: inConnect}, Disconnect, false},
		{"disconnect with unread data", event.Evidence{State: closed, Prior: open, Facts: inConnect | unread}, Disconnect, false},
		{"disconnect with SO_LINGER {1,0}", event.Evidence{State: closed, Prior: open, Facts: inConnect | lingerZero}, Disconnect, false},
		{"disconnect after the peer's FIN", event.Evidence{State: closed, Prior: closeWait, Facts: inConnect | event.FactShutRcv | event.FactPeerFIN}, Disconnect, false},
		{"disconnect after half-close", event.Evidence{State: closed, Prior: event.StateFinWait2, Facts: inConnect | event.FactShutSend}, Disconnect, false},
		{"disconnect after SHUT_RDWR, caller known", event.Evidence{State: closed, Prior: event.StateFinWait2, Caller: event.CallerStreamConnect, Facts: inClose}, Disconnect, false},
		{"disconnect after SHUT_RDWR with SO_LINGER {1,0}, caller known", event.Evidence{State: closed, Prior: event.StateFinWait2, Caller: event.CallerStreamConnect, Facts: inClose | lingerZero}, Disconnect, false},
		{"disconnect after SHUT_RDWR with unread data, caller known", event.Evidence{State: closed, Prior: event.StateFinWait2, Caller: event.CallerStreamConnect, Facts: inClose | unread}, Disconnect, false},
		{"disconnect after SHUT_RDWR, reason only", event.Evidence{State: closed, Prior: event.StateFinWait2, Reason: "TCP_STATE", Facts: inClose}, Disconnect, false},
		{"disconnect after SHUT_RDWR with unread data, reason only", event.Evidence{State: closed, Prior: event.StateFinWait2, Reason: "TCP_STATE", Facts: inClose | unread}, Disconnect, false},
		{"disconnect after SHUT_RDWR, fields only", event.Evidence{State: closed, Prior: event.StateFinWait2, Facts: inClose}, Disconnect, true},
		{"disconnect after SHUT_RDWR, caller not recognised", event.Evidence{State: closed, Prior: event.StateFinWait2, Caller: event.CallerOther, Facts: inClose}, Disconnect, true},

		{"unsent, 6.12+", event.Evidence{State: closed, Prior: event.StateLastAck, Reason: "TCP_DISCONNECT_WITH_DATA", Facts: inClose | event.FactUnsent | event.FactPeerFIN}, DisconnectWithUnsentData, false},
		{"unsent, no reason", event.Evidence{State: closed, Prior: event.StateLastAck, Facts: inClose | event.FactUnsent | event.FactPeerFIN}, DisconnectWithUnsentData, false},
		{"unsent in CLOSING", event.Evidence{State: closed, Prior: event.StateClosing, Facts: inClose | event.FactUnsent | event.FactPeerFIN}, DisconnectWithUnsentData, false},
		{"unsent beats SO_LINGER {1,0}", event.Evidence{State: closed, Prior: event.StateLastAck, Caller: event.CallerTCPClose, Facts: inClose | lingerZero | event.FactUnsent | event.FactPeerFIN}, DisconnectWithUnsentData, false},
		{"unsent beats disconnect", event.Evidence{State: closed, Prior: event.StateLastAck, Caller: event.CallerStreamConnect, Facts: inClose | event.FactUnsent | event.FactPeerFIN}, DisconnectWithUnsentData, false},
		{"unsent, state before unknown", event.Evidence{State: closed, Facts: inClose | event.FactUnsent | event.FactPeerFIN}, DisconnectWithUnsentData, true},

		{"close, nothing to abort: contradiction", event.Evidence{State: closed, Prior: event.StateFinWait2, Caller: event.CallerTCPClose, Reason: "TCP_STATE", Facts: inClose}, Unclassified, false},
	})
}

func TestClassifyListenerAndAbort(t *testing.T) {
	const closed, open = event.StateClose, event.StateEstablished
	check(t, event.HookSendActive, []row{
		{"child, 6.12+", event.Evidence{State: closed, Prior: open, Reason: "TCP_STATE"}, ListenerClosed, false},
		{"child, no reason", event.Evidence{State: closed, Prior: open}, ListenerClosed, false},
		{"child, state before unknown", event.Evidence{State: closed}, ListenerClosed, false},
		{"child with unread data", event.Evidence{State: closed, Prior: open, Facts: unread}, ListenerClosed, false},
		{"child whose peer has closed", event.Evidence{State: closed, Prior: event.StateCloseWait, Facts: event.FactShutRcv | event.FactPeerFIN | unread}, ListenerClosed, false},
		{"child of a listener with SO_LINGER {1,0}", event.Evidence{State: closed, Prior: open, Facts: lingerZero}, ListenerClosed, false},
		{"caller in process context", event.Evidence{State: closed, Prior: open, Caller: event.CallerListenStop}, ListenerClosed, false},
		{"listener destroyed from outside", event.Evidence{State: closed, Prior: open, Reason: "TCP_STATE", Caller: event.CallerListenAbort}, ListenerClosed, false},
		{"listener destroyed from outside, no reason", event.Evidence{State: closed, Prior: open, Caller: event.CallerListenAbort}, ListenerClosed, false},
		{"caller in softirq", event.Evidence{State: closed, Prior: event.StateSynRecv, Caller: event.CallerQueueAdd}, ListenerClosed, false},

		{"ss -K, 6.12+", event.Evidence{State: open, Reason: "TCP_STATE", Facts: inConnect}, SocketDestroyed, false},
		{"ss -K, 5.10: error already set", event.Evidence{State: open, Facts: inConnect | event.FactError}, SocketDestroyed, false},
		{"ss -K in CLOSE_WAIT", event.Evidence{State: event.StateCloseWait, Facts: inConnect | event.FactShutRcv}, SocketDestroyed, false},
		{"ss -K on an orphan in FIN_WAIT2", event.Evidence{State: event.StateFinWait2, Facts: orphaned}, SocketDestroyed, false},
		{"ss -K on an orphan with data in flight", event.Evidence{State: event.StateFinWait1, Facts: orphaned | event.FactInFlight}, SocketDestroyed, false},
		{"ss -K with keep-alive on", event.Evidence{State: open, Facts: inConnect | event.FactKeepOpen | event.FactUserTimeout}, SocketDestroyed, false},
		{"bpf_sock_destroy, by caller", event.Evidence{State: open, Caller: event.CallerAbort}, SocketDestroyed, false},
	})
}

func TestClassifyOrphansAndTimers(t *testing.T) {
	const closed, open = event.StateClose, event.StateEstablished
	check(t, event.HookSendActive, []row{
		{"linger2 at close, 6.12+", event.Evidence{State: closed, Prior: event.StateFinWait2, Reason: "TCP_ABORT_ON_LINGER", Facts: orphaned | event.FactLinger2Negative}, Linger2Negative, false},
		{"linger2 at close, no reason", event.Evidence{State: closed, Prior: event.StateFinWait2, Facts: orphaned | event.FactLinger2Negative}, Linger2Negative, false},
		{"linger2 at close, state before unknown", event.Evidence{State: closed, Facts: orphaned | event.FactLinger2Negative}, Linger2Negative, true},
		{"linger2 set, but not from FIN_WAIT2", event.Evidence{State: closed, Prior: event.StateFinWait1, Facts: orphaned | event.FactLinger2Negative}, OrphanLimit, false},
		{"linger2 set, the kernel says memory", event.Evidence{State: closed, Reason: "TCP_ABORT_ON_MEMORY", Facts: orphaned | event.FactLinger2Negative}, OrphanLimit, false},
		{"orphan limit at close, 6.12+", event.Evidence{State: closed, Prior: event.StateFinWait1, Reason: "TCP_ABORT_ON_MEMORY", Facts: orphaned}, OrphanLimit, false},
		{"orphan limit at close, no reason", event.Evidence{State: closed, Prior: event.StateFinWait1, Facts: orphaned | event.FactInFlight}, OrphanLimit, false},
		{"orphan limit in a timer, 6.12+", event.Evidence{State: event.StateFinWait1, Reason: "TCP_ABORT_ON_MEMORY", Facts: inTimer | event.FactDead | event.FactInFlight}, OrphanLimit, false},
		{"orphan limit in a timer, no reason", event.Evidence{State: event.StateLastAck, Facts: inTimer | event.FactDead | event.FactInFlight}, OrphanLimit, false},
		{"orphan limit in the probe timer", event.Evidence{State: event.StateFinWait1, Facts: inTimer | event.FactDead | event.FactUnsent}, OrphanLimit, false},
		{"orphan limit with keep-alive on", event.Evidence{State: event.StateFinWait1, Facts: inTimer | event.FactDead | event.FactUnsent | event.FactKeepOpen}, OrphanLimit, false},
		{"data in flight without an orphan: no such path", event.Evidence{State: open, Facts: inTimer | event.FactInFlight | event.FactHasSocket}, Unclassified, false},

		{"keep-alive, 6.12+", event.Evidence{State: open, Reason: "TCP_KEEPALIVE_TIMEOUT", Facts: inTimer | event.FactKeepOpen}, KeepaliveTimeout, false},
		{"keep-alive, no reason", event.Evidence{State: open, Facts: inTimer | event.FactKeepOpen | event.FactHasSocket}, KeepaliveTimeout, false},
		{"keep-alive in CLOSE_WAIT", event.Evidence{State: event.StateCloseWait, Facts: inTimer | event.FactKeepOpen | event.FactHasSocket}, KeepaliveTimeout, false},
		{"user timeout, 6.12+", event.Evidence{State: open, Reason: "TCP_KEEPALIVE_TIMEOUT", Facts: inTimer | event.FactKeepOpen | event.FactUserTimeout}, KeepaliveUserTimeout, false},
		{"user timeout, no reason", event.Evidence{State: open, Facts: inTimer | event.FactKeepOpen | event.FactUserTimeout}, KeepaliveUserTimeout, false},

		{"FIN_WAIT2 timer, 6.12+", event.Evidence{State: event.StateFinWait2, Reason: "TCP_STATE", Facts: inTimer | event.FactDead}, FinWait2Timeout, false},
		{"FIN_WAIT2 timer, no reason", event.Evidence{State: event.StateFinWait2, Facts: inTimer | event.FactDead | event.FactShutRcv | event.FactShutSend}, FinWait2Timeout, false},
		{"FIN_WAIT2 timer with keep-alive on", event.Evidence{State: event.StateFinWait2, Facts: inTimer | event.FactDead | event.FactKeepOpen}, FinWait2Timeout, false},
		{"FIN_WAIT2 timer with linger2", event.Evidence{State: event.StateFinWait2, Facts: inTimer | event.FactDead | event.FactLinger2Negative}, Linger2Negative, false},
		{"live, no timer known", event.Evidence{State: open, Facts: event.FactHasSocket}, Unclassified, false},
	})
}

func TestClassifyMPTCP(t *testing.T) {
	const mptcp, open = event.FactMPTCP, event.StateEstablished
	check(t, event.HookSendActive, []row{
		{"fast close, 6.12+", event.Evidence{State: open, Reason: "TCP_ABORT_ON_CLOSE", Facts: mptcp | event.FactOwned}, MPTCPClose, false},
		{"fast close, no reason", event.Evidence{State: open, Facts: mptcp | event.FactOwned | event.FactFastClose}, MPTCPClose, false},
		{"fast close through tcp_disconnect", event.Evidence{State: event.StateClose, Prior: open, Reason: "TCP_STATE", Facts: mptcp | event.FactFastClose | inClose | lingerZero}, MPTCPClose, false},
		{"ss -K, 6.12+", event.Evidence{State: open, Reason: "TCP_STATE", Facts: mptcp | event.FactOwned}, SocketDestroyed, false},
		{"ss -K, caller known", event.Evidence{State: open, Caller: event.CallerAbort, Facts: mptcp | event.FactOwned}, SocketDestroyed, false},
		{"ss -K, by caller", event.Evidence{State: open, Caller: event.CallerAbort, Facts: mptcp | event.FactOwned}, SocketDestroyed, false},
		{"no tcp_abort among the callers", event.Evidence{State: open, Caller: event.CallerOther, Facts: mptcp | event.FactOwned}, MPTCPReset, false},
		{"no reason, callers hidden", event.Evidence{State: open, Facts: mptcp | event.FactOwned}, MPTCPReset, true},
		{"in the accept queue, 6.12+", event.Evidence{State: event.StateClose, Prior: open, Reason: "TCP_STATE", Facts: mptcp}, ListenerClosed, false},
		{"in the accept queue, caller known", event.Evidence{State: event.StateClose, Prior: open, Caller: event.CallerListenStop, Facts: mptcp}, ListenerClosed, false},
		{"linger, closed after the client, 6.16", event.Evidence{
			State: event.StateClose, Prior: event.StateFinWait1, Reason: "TCP_STATE",
			Facts: mptcp | lingerZero | event.FactOwned | event.FactInFlight | event.FactShutRcv | event.FactShutSend,
		}, LingerZero, false},
		{"in no file, no reason", event.Evidence{State: event.StateClose, Prior: open, Facts: mptcp}, MPTCPReset, false},
		{"subflow reset", event.Evidence{State: open, Reason: "MPTCP_RST_EMPTCP", Facts: mptcp | event.FactOwned}, MPTCPReset, false},
		{"subflow reset, unknown code", event.Evidence{State: open, Reason: "ERROR", Facts: mptcp}, MPTCPReset, false},
		{"subflow reset, no reason", event.Evidence{State: open, Facts: mptcp}, MPTCPReset, false},
		{"subflow reset after fallback", event.Evidence{State: open, Reason: "MPTCP_RST_EMIDDLEBOX"}, MPTCPReset, false},
		{"fallen back: plain TCP", event.Evidence{State: event.StateClose, Prior: open, Reason: "TCP_STATE", Facts: inClose | lingerZero}, LingerZero, false},
	})
}
