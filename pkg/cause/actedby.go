package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// ActedByOther reports whether the process at the hook acted on a socket that is
// not its own: it destroyed the connection, or the listener whose accept queue held
// it. The socket then has another owner.
func ActedByOther(e event.Evidence) bool {
	if e.Caller == event.CallerListenAbort {
		return true
	}
	return e.Hook == event.HookSendActive && Classify(e).Cause == SocketDestroyed
}
