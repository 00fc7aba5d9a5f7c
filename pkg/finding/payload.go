package finding

import "github.com/rsttrace/rsttrace/pkg/event"

// payloadSent is how many bytes of payload the other end has acknowledged. The kernel
// counts a SYN and a FIN of this end as a byte each.
func payloadSent(e *event.Event) uint64 {
	n := e.Conn.BytesAcked
	if _, server := serverOf(e); !server {
		n -= min(n, 1)
	}
	if e.State == event.StateFinWait2 || e.State == event.StateTimeWait {
		n -= min(n, 1)
	}
	return n
}

// payloadReceived is how many bytes of payload this end has received. The kernel counts the
// FIN of the other end as a byte.
func payloadReceived(e *event.Event) uint64 {
	n := e.Conn.BytesReceived
	if e.Conn.PeerFinMillis > 0 || e.State == event.StateCloseWait || e.State == event.StateLastAck || e.State == event.StateClosing {
		n -= min(n, 1)
	}
	return n
}
