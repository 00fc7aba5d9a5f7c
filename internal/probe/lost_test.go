package probe

import (
	"testing"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestLost: SYN and FIN take sequence numbers and are no data.
func TestLost(t *testing.T) {
	const (
		established = uint8(event.StateEstablished)
		synSent     = uint8(event.StateSynSent)
		finWait1    = uint8(event.StateFinWait1)
		closeWait   = uint8(event.StateCloseWait)
		lastAck     = uint8(event.StateLastAck)
		closing     = uint8(event.StateClosing)
		closed      = uint8(event.StateClose)
	)
	type numbers struct{ rcvNxt, copied, sndUna, sndNxt, written uint32 }
	for name, test := range map[string]struct {
		state, prior uint8
		facts        bpf.ContextFact
		numbers      numbers
		want         event.Lost
	}{
		"nothing": {established, 0, 0, numbers{100, 100, 200, 200, 200}, event.Lost{}},
		"unread": {
			closed, established, bpf.ContextFactFACT_UNREAD,
			numbers{107, 100, 200, 200, 200}, event.Lost{UnreadBytes: 7},
		},
		"unread and a FIN": {
			closed, closeWait, bpf.ContextFactFACT_UNREAD | bpf.ContextFactFACT_PEER_FIN,
			numbers{108, 100, 200, 200, 200}, event.Lost{UnreadBytes: 7},
		},
		"a FIN alone": {
			closeWait, 0, bpf.ContextFactFACT_PEER_FIN, numbers{101, 100, 200, 200, 200}, event.Lost{},
		},
		"unread across the wrap": {
			closed, established, bpf.ContextFactFACT_UNREAD,
			numbers{3, 0xfffffffe, 0, 0, 0}, event.Lost{UnreadBytes: 5},
		},
		"in flight and not sent": {
			established, 0, 0, numbers{0, 0, 200, 206, 216}, event.Lost{UnackedBytes: 6, UnsentBytes: 10},
		},
		"our FIN in flight": {finWait1, 0, 0, numbers{0, 0, 200, 201, 201}, event.Lost{}},
		"data and our FIN in flight": {
			lastAck, 0, 0, numbers{0, 0, 200, 207, 207}, event.Lost{UnackedBytes: 6},
		},
		"data in flight, our FIN still queued": {
			closing, 0, 0, numbers{0, 0, 200, 206, 217}, event.Lost{UnackedBytes: 6, UnsentBytes: 10},
		},
		// At close the kernel has left the state already; the note tells.
		"closed while it was in FIN_WAIT1": {
			closed, finWait1, 0, numbers{0, 0, 200, 207, 207}, event.Lost{UnackedBytes: 6},
		},
		"our SYN in flight": {synSent, 0, 0, numbers{0, 0, 200, 201, 201}, event.Lost{}},
		"closed while it was in SYN_SENT": {
			closed, synSent, 0, numbers{0, 0, 200, 201, 201}, event.Lost{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := resetRecord{Evidence: bpf.ContextEvidence{
				Hook: bpf.ContextHookHOOK_SEND_ACTIVE, Socket: bpf.ContextSocketKindSOCKET_FULL,
				State: test.state, Prior: test.prior, Facts: test.facts, Family: afINET,
			}}
			n := test.numbers
			r.Expected.RcvNxt, r.Conn.CopiedSeq = n.rcvNxt, n.copied
			r.Conn.SndUna, r.Conn.SndNxt, r.Conn.WriteSeq = n.sndUna, n.sndNxt, n.written
			if got := decodeOne(t, testSession(event.Fentry), &r).Lost; got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}

// TestUnreadOutlivesRST: only close and disconnect throw away what was not read.
func TestUnreadOutlivesRST(t *testing.T) {
	const (
		active, reply, receive = bpf.ContextHookHOOK_SEND_ACTIVE, bpf.ContextHookHOOK_SEND_REPLY, bpf.ContextHookHOOK_RECEIVE
		dead, mptcp            = bpf.ContextFactFACT_DEAD, bpf.ContextFactFACT_MPTCP
	)
	for name, test := range map[string]struct {
		hook  bpf.ContextHook
		state event.State
		facts bpf.ContextFact
		want  uint32
	}{
		"close or disconnect":   {active, event.StateClose, 0, 7},
		"a timer or tcp_abort":  {active, event.StateEstablished, 0, 0},
		"tcp_abort, orphan":     {active, event.StateFinWait2, dead, 7},
		"MPTCP":                 {active, event.StateEstablished, mptcp, 7},
		"data after shutdown":   {reply, event.StateClose, 0, 0},
		"data after close":      {reply, event.StateClose, dead, 7},
		"a RST arrived":         {receive, event.StateEstablished, 0, 0},
		"a RST for a subflow":   {receive, event.StateEstablished, mptcp, 0},
		"a RST for a Fast Open": {receive, event.StateSynRecv, 0, 0},
	} {
		r := resetRecord{Evidence: bpf.ContextEvidence{
			Hook: test.hook, Socket: bpf.ContextSocketKindSOCKET_FULL, State: uint8(test.state),
			Facts: bpf.ContextFactFACT_UNREAD | test.facts, Family: afINET,
		}}
		r.Expected.RcvNxt, r.Conn.CopiedSeq = 107, 100
		if got := decodeOne(t, testSession(event.Fentry), &r).Lost.UnreadBytes; got != test.want {
			t.Errorf("%s: %d unread bytes, want %d", name, got, test.want)
		}
	}
}

// TestNumbersNeedFullSocket: a mini-socket has none of the numbers, and those
// of a listener are no connection's.
func TestNumbersNeedFullSocket(t *testing.T) {
	for name, test := range map[string]struct {
		kind  bpf.ContextSocketKind
		state event.State
		want  bool
	}{
		"full":      {bpf.ContextSocketKindSOCKET_FULL, event.StateEstablished, true},
		"listener":  {bpf.ContextSocketKindSOCKET_FULL, event.StateListen, false},
		"request":   {bpf.ContextSocketKindSOCKET_REQUEST, event.StateNewSynRecv, false},
		"TIME_WAIT": {bpf.ContextSocketKindSOCKET_TIME_WAIT, event.StateTimeWait, false},
		"none":      {bpf.ContextSocketKindSOCKET_NONE, 0, false},
	} {
		r := resetRecord{Cookie: 9, Evidence: bpf.ContextEvidence{
			Hook: bpf.ContextHookHOOK_SEND_REPLY, Socket: test.kind, State: uint8(test.state),
			Facts: bpf.ContextFactFACT_UNREAD | bpf.ContextFactFACT_DEAD,
		}}
		r.Expected.RcvNxt, r.Conn.SrttUs, r.Conn.Uid = 50, 8000, 33
		e := decodeOne(t, testSession(event.Fentry), &r)
		if e.Conn.Known != test.want || (e.Conn.UID != nil) != test.want || (e.Lost != event.Lost{}) != test.want {
			t.Errorf("%s: conn %+v, uid %v, lost %+v", name, e.Conn, e.Conn.UID, e.Lost)
		}
		if test.want && e.Conn.SRTTMicros != 1000 {
			t.Errorf("%s: srtt of 8 × 1000 µs is %d", name, e.Conn.SRTTMicros)
		}
	}
}
