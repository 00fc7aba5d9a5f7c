package probe

import (
	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func decodeRole(r bpf.ContextRole) event.Role {
	switch r {
	case bpf.ContextRoleROLE_CLIENT:
		return event.Client
	case bpf.ContextRoleROLE_SERVER:
		return event.Server
	}
	return ""
}

// roleIn says which end opened the connection of an event: "" if that is not certain.
func roleIn(r *resetRecord, e *event.Event) event.Role {
	ev := &e.Evidence
	if ev.Hook == event.HookReject {
		return roleBySYN(ev, ev.Chain == event.ChainInput, ev.Chain == event.ChainOutput)
	}
	if ev.Has(event.FactRemembered) {
		return e.Kernel.Closing.Role
	}
	switch ev.Socket {
	case event.SockRequest:
		return event.Server
	case event.SockTimeWait:
		return e.Kernel.Closing.Role
	case event.SockNone:
		if e.Kernel.Closing.From == event.StateSynSent {
			return event.Client
		}
		// A SYN-ACK may be for nothing that this end has sent.
		return roleBySYN(ev, !ev.Packet.Has(event.ACK), false)
	}
	return roleOfSocket(r, e)
}

func roleOfSocket(r *resetRecord, e *event.Event) event.Role {
	ev := &e.Evidence
	switch {
	case ev.State == event.StateListen:
		if completesHandshake(ev) {
			return event.Server
		}
		return roleBySYN(ev, !ev.Packet.Has(event.ACK), false)
	case e.State == event.StateSynSent:
		return event.Client
	case ev.Has(event.FactFastOpen):
		return event.Server
	}
	return decodeRole(r.Conn.Role)
}

// completesHandshake: the kernel found the handshake that this ACK ends.
func completesHandshake(ev *event.Evidence) bool {
	return ev.SeesPacket() && ev.Packet.Has(event.ACK) && !ev.Packet.Has(event.SYN) &&
		(ev.Caller == event.CallerCheckReq || ev.Reason == "INVALID_SYN")
}

// roleBySYN: a SYN opens a connection, and a SYN-ACK answers one. The packet came in,
// or it goes out; if neither, it says nothing about this end.
func roleBySYN(ev *event.Evidence, in, out bool) event.Role {
	if !ev.SeesPacket() || !ev.Packet.Has(event.SYN) || !in && !out {
		return ""
	}
	if in != ev.Packet.Has(event.ACK) {
		return event.Server
	}
	return event.Client
}
