package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// IsReset reports whether the evidence is of a RST at all. Where it is false
// there is no event: nothing may be counted, classified or printed.
//
// Only the receive hook needs the question. tcp_reset is also called for data
// that arrives after close, where no RST came in and one is about to go out
// (tcp_rcv_state_process), and it does nothing on a closed socket. The packet's
// RST bit decides. Before 5.11, and at the tracepoint on every kernel, there is
// no packet: then the caller does. Where the caller is not known either, data
// after close needs a socket in FIN_WAIT1 or FIN_WAIT2 whose receiving side is
// shut, and there it is far more common than a RST: rather no event than an
// invented one.
func IsReset(e event.Evidence) bool {
	if e.Hook != event.HookReceive {
		return true
	}
	if e.State == event.StateClose {
		return false
	}
	if e.SeesPacket() {
		return e.Packet.Has(event.RST)
	}
	switch e.Caller {
	case event.CallerValidateIncoming, event.CallerCheckReq:
		return true
	case event.CallerRcvStateProcess:
		return e.State == event.StateSynSent
	}
	dataPath := stateIn(e.State, event.StateFinWait1, event.StateFinWait2) && e.Has(event.FactShutRcv)
	return !dataPath
}
