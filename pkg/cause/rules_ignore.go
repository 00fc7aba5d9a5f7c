package cause

import (
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// ignoreRules decide where an incoming RST was dropped. Reason is the kernel's
// drop reason by name. First what is checked before the connection, then the
// kind of socket, then the place of the RST's sequence number.
var ignoreRules = []rule{
	{
		name: "drop TCP_CSUM", cause: RSTBadChecksum,
		when: func(e event.Evidence) bool { return e.Reason == "TCP_CSUM" },
	},
	{
		name: "drop TCP_MINTTL", cause: RSTTTLTooLow,
		when: func(e event.Evidence) bool { return e.Reason == "TCP_MINTTL" },
	},
	{
		name: "drop by MD5 or AO", cause: RSTBadSignature,
		when: func(e event.Evidence) bool {
			return strings.HasPrefix(e.Reason, "TCP_MD5") || strings.HasPrefix(e.Reason, "TCP_AO") ||
				e.Reason == "TCP_AUTH_HDR"
		},
	},
	{
		name: "no connection", cause: RSTNoConnection,
		when: func(e event.Evidence) bool { return noSocket(e) || e.Reason == "NO_SOCKET" },
	},
	{
		name: "dropped at a listener", cause: RSTToListener,
		when: func(e event.Evidence) bool { return full(e, event.StateListen) },
	},
	{
		name: "dropped in SYN_SENT", cause: RSTUnacceptableInSynSent,
		when: func(e event.Evidence) bool { return full(e, event.StateSynSent) },
	},
	{
		name: "request socket, out of window", cause: RSTHandshakeOutOfWindow,
		when: func(e event.Evidence) bool {
			return e.Socket == event.SockRequest && sequenceDrop(e.Reason)
		},
	},
	{
		name: "TIME_WAIT, out of window", cause: RSTTimeWaitOutOfWindow,
		when: func(e event.Evidence) bool {
			return e.Socket == event.SockTimeWait && (sequenceDrop(e.Reason) || e.Reason == "TCP_RFC7323_TW_PAWS")
		},
	},
	{
		name: "before the window", cause: RSTOld,
		when: func(e event.Evidence) bool { return synchronized(e) && e.Reason == "TCP_OLD_SEQUENCE" },
	},
	{
		name: "outside the window", cause: RSTOutOfWindow,
		when: func(e event.Evidence) bool { return synchronized(e) && sequenceDrop(e.Reason) },
	},
	{
		name: "inside the window, not exact", cause: RSTChallenged,
		when: func(e event.Evidence) bool { return synchronized(e) && e.Reason == "TCP_RESET" },
	},
}

// sequenceDrop: drop reasons that name the sequence number or, for request
// sockets, the timestamp check that stands for it.
func sequenceDrop(reason string) bool {
	switch reason {
	case "TCP_INVALID_SEQUENCE", "TCP_INVALID_END_SEQUENCE", "TCP_OLD_SEQUENCE", "TCP_OVERWINDOW",
		"TCP_RFC7323_PAWS", "TCP_RFC7323_TSECR":
		return true
	}
	return false
}

func synchronized(e event.Evidence) bool {
	return e.Socket == event.SockFull && (needsReset(e.State) || closing(e.State))
}
