package probe

import (
	"testing"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	synBit = uint8(event.SYN)
	ackBit = uint8(event.ACK)
)

// TestRole: what opens a connection is a SYN, and who sent it is certain or not known.
func TestRole(t *testing.T) {
	noSocket := func(packet uint8) bpf.ContextEvidence {
		return bpf.ContextEvidence{Hook: bpf.ContextHookHOOK_SEND_REPLY, Socket: bpf.ContextSocketKindSOCKET_NONE, Packet: packet, Facts: bpf.ContextFact(event.FactSeesPacket), Family: afINET}
	}
	rejected := func(chain event.Chain, packet uint8) bpf.ContextEvidence {
		ev := noSocket(packet)
		ev.Hook, ev.Chain = bpf.ContextHookHOOK_REJECT, uint8(chain)
		return ev
	}
	atListener := func(packet uint8, caller bpf.ContextCaller) bpf.ContextEvidence {
		ev := noSocket(packet)
		ev.Socket, ev.State, ev.Caller = bpf.ContextSocketKindSOCKET_FULL, uint8(event.StateListen), caller
		return ev
	}
	remembered := noSocket(ackBit)
	remembered.Facts |= bpf.ContextFact(event.FactRemembered)
	connecting := bpf.ContextEvidence{Hook: bpf.ContextHookHOOK_RECEIVE, Socket: bpf.ContextSocketKindSOCKET_FULL, State: uint8(event.StateSynSent), Family: afINET}
	open := connecting
	open.State = uint8(event.StateEstablished)
	request := connecting
	request.Socket, request.State = bpf.ContextSocketKindSOCKET_REQUEST, uint8(event.StateNewSynRecv)
	closed, attempt := resetRecord{Evidence: remembered}, resetRecord{Evidence: noSocket(synBit | ackBit)}
	closed.Closing.From, closed.Closing.To, closed.Closing.Role = uint8(event.StateEstablished), uint8(event.StateFinWait1), bpf.ContextRoleROLE_SERVER
	attempt.Closing.From = uint8(event.StateSynSent)
	client := resetRecord{Evidence: open}
	client.Conn.Role = bpf.ContextRoleROLE_CLIENT
	for name, test := range map[string]struct {
		record resetRecord
		want   event.Role
	}{
		"SYN, nobody listens":            {resetRecord{Evidence: noSocket(synBit)}, event.Server},
		"SYN-ACK for nothing":            {resetRecord{Evidence: noSocket(synBit | ackBit)}, ""},
		"SYN-ACK for an attempt":         {attempt, event.Client},
		"ACK for nothing":                {resetRecord{Evidence: noSocket(ackBit)}, ""},
		"ACK for a closed connection":    {closed, event.Server},
		"the same, its role not known":   {resetRecord{Evidence: remembered}, ""},
		"request":                        {resetRecord{Evidence: request}, event.Server},
		"SYN_SENT":                       {resetRecord{Evidence: connecting}, event.Client},
		"the socket says client":         {client, event.Client},
		"the socket does not say":        {resetRecord{Evidence: open}, ""},
		"ACK at a listener":              {resetRecord{Evidence: atListener(ackBit, 0)}, ""},
		"ACK that completes a handshake": {resetRecord{Evidence: atListener(ackBit, bpf.ContextCallerCALLER_CHECK_REQ)}, event.Server},
		"SYN at a listener":              {resetRecord{Evidence: atListener(synBit, 0)}, event.Server},
		"SYN-ACK at a listener":          {resetRecord{Evidence: atListener(synBit|ackBit, 0)}, ""},
		"SYN rejected on its way in":     {resetRecord{Evidence: rejected(event.ChainInput, synBit)}, event.Server},
		"SYN rejected on its way out":    {resetRecord{Evidence: rejected(event.ChainOutput, synBit)}, event.Client},
		"SYN-ACK rejected on its way in": {resetRecord{Evidence: rejected(event.ChainInput, synBit|ackBit)}, event.Client},
		"SYN-ACK rejected going out":     {resetRecord{Evidence: rejected(event.ChainOutput, synBit|ackBit)}, event.Server},
		"SYN rejected, forwarded":        {resetRecord{Evidence: rejected(event.ChainForward, synBit)}, ""},
		"ACK rejected":                   {resetRecord{Evidence: rejected(event.ChainInput, ackBit)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if test.record.Closing.From != 0 {
				test.record.Closing.TimeNs, test.record.TimeNs = 1, 2
			}
			if e := decodeOne(t, testSession(event.Fentry), &test.record); e.Conn.Role != test.want {
				t.Errorf("%q, want %q (%+v)", e.Conn.Role, test.want, e.Evidence)
			}
		})
	}
}

// TestQueueAndFINs: 0 says that a number is not known, and a limit of 0 is one.
func TestQueueAndFINs(t *testing.T) {
	open := bpf.ContextEvidence{Hook: bpf.ContextHookHOOK_RECEIVE, Socket: bpf.ContextSocketKindSOCKET_FULL, State: uint8(event.StateCloseWait), Family: afINET}
	r := resetRecord{Evidence: open}
	if e := decodeOne(t, testSession(event.Fentry), &r); e.Listener != (event.Listener{}) || e.Conn.PeerFinMillis != 0 || e.Conn.FinMillis != 0 {
		t.Errorf("known of nothing: %+v, %+v", e.Listener, e.Conn)
	}
	r.Queue.Limit, r.Queue.Length = 1, 3
	r.Conn.SincePeerFin, r.Conn.SinceFin = 1, 2
	r.Conn.SegsIn, r.Conn.SegsOut = 7, 8
	e := decodeOne(t, testSession(event.Fentry), &r)
	if want := (event.Listener{Known: true, Used: 3}); e.Listener != want {
		t.Errorf("%+v, want %+v", e.Listener, want)
	}
	if e.Conn.PeerFinMillis != 1 || e.Conn.FinMillis == 0 {
		t.Errorf("FINs: %+v", e.Conn)
	}
	if *e.Conn.SegmentsReceived != 7 || *e.Conn.SegmentsSent != 8 || *e.Conn.SegmentsUnacked != 0 {
		t.Errorf("segments: %d, %d, %d", *e.Conn.SegmentsReceived, *e.Conn.SegmentsSent, *e.Conn.SegmentsUnacked)
	}
}
