package wire

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// rule is a row of the table. Where several hold, the first one decides, and the event
// names the others.
type rule struct {
	row  int    // of the table in docs/wire.md
	name string // unique, a clause about the RST
	kind Kind
	// exact says that the shape leaves no doubt.
	exact bool
	when  func(*sight) bool
	// because are sentences with the numbers that decided. It may add frames to the
	// evidence.
	because func(*sight, *Evidence) []string
	// hides are rows that say less about the same facts: they are no second opinion.
	hides []int
}

// Evidence are the packets behind a verdict, by number.
type Evidence struct{ Packets []uint64 }

func (e *Evidence) add(numbers ...uint64) {
	for _, n := range numbers {
		if n != 0 {
			e.Packets = append(e.Packets, n)
		}
	}
}

const (
	// nearest is the shortest time to S and back that says something: below it, what
	// the capture itself costs is as large.
	nearest = int64(2 * time.Millisecond)
	// idJump is how far an IP id must lie from the counter of S.
	idJump = 1024
	// idSteady is after how many steps in a row there is a counter.
	idSteady = 4
)

// rules in the order of what they prove: that not S sent it, that T did not obey, then
// what the shape says.
var rules = []rule{
	{row: 19, name: "the other end challenged it, and then the RST came that fits exactly", kind: Challenged, exact: true, when: challengedFirst, because: becauseChallenged, hides: []int{3, 5, 6, 7, 13}},
	{row: 19, name: "the other end challenged it and went on", kind: Challenged, when: challengedOnly, because: becauseChallengedOnly, hides: []int{3, 5, 6, 7, 13}},
	{row: 23, name: "it has no signature", kind: NoSignature, when: unsigned, because: becauseUnsigned, hides: []int{3, 4, 5, 6, 7}},
	{row: 23, name: "its checksum is wrong", kind: BadSum, when: badChecksum, because: becauseChecksum},
	{row: 14, name: "another RST lies beyond all that the sender had sent", kind: Injected, when: beyondAll, because: becauseBeyond},
	{row: 12, name: "the sender went on after it", kind: Injected, when: wentOn, because: becauseWentOn},
	{row: 15, name: "the RSTs of the sender acknowledge different numbers", kind: Injected, when: ackChanged, because: becauseAckChanged},
	{row: 17, name: "its IP id is not one of the sender", kind: Injected, when: foreignID, because: becauseID},
	{row: 13, name: "the sender had sent more already", kind: Injected, when: behind, because: becauseBehind},
	{row: 16, name: "it came sooner than the sender can answer", kind: OtherDevice, when: tooSoon, because: becauseTooSoon},
	{row: 2, name: "its TTL is not that of the sender", kind: OtherDevice, when: foreignTTL, because: becauseTTL},
	{row: 22, name: "the sender had reset the connection before", kind: AfterReset, when: afterReset, because: becauseAfterReset, hides: []int{3, 4, 6}},
	{row: 21, name: "it closes a whole MPTCP connection", kind: FastClosed, exact: true, when: func(v *sight) bool { return v.Options.FastClose }, because: becauseFastClose, hides: []int{1, 3, 4, 5, 6, 7}},
	{row: 21, name: "it ends an MPTCP subflow", kind: SubflowGone, exact: true, when: endsSubflow, because: becauseSubflow, hides: []int{1, 3, 4, 5, 6, 7}},
	{row: 1, name: "it answers a SYN", kind: RefusedSYN, exact: true, when: refusesSYN, because: becauseRefused, hides: []int{3, 6}},
	{row: 10, name: "it answers a SYN-ACK that the sender had not asked for", kind: Unasked, when: strayAnswer, because: becauseStray, hides: []int{3, 6}},
	{row: 11, name: "the sender had sent a SYN and nothing else", kind: BrokenOff, exact: true, when: attemptEnded, because: becauseAttempt, hides: []int{3, 5, 6}},
	{row: 9, name: "the sender had asked, and answered the SYN-ACK with it", kind: BrokenOff, when: handshakeEnded, because: becauseHandshake, hides: []int{3, 5, 6}},
	{row: 8, name: "the sender had sent probes that nothing answered", kind: KeepAlive, when: probesFailed, because: becauseProbes, hides: []int{5, 6, 7}},
	{row: 7, name: "the sender ended a living connection with data on its way", kind: Abort, when: func(v *sight) bool { return aborts(v) && (v.unread() || v.unacked()) }, because: becauseData, hides: []int{5, 6}},
	{row: 5, name: "the sender ended a living connection", kind: Abort, when: aborts, because: becauseAbort, hides: []int{6}},
	{row: 4, name: "a packet came after the sender had closed", kind: AfterClose, when: func(v *sight) bool { return unknownTo(v) && v.s.fin }, because: becauseClosed, hides: []int{3, 6}},
	{row: 3, name: "the sender does not know the connection", kind: NoSocket, when: unknownTo, because: becauseNoSocket, hides: []int{6}},
	{row: 6, name: "it ends the connection in a shape that Linux does not send", kind: OddAbort, when: oddAbort, because: becauseOdd},
}

// endsSubflow: a SYN that asks for a whole connection has no subflow yet, so its RST refuses it.
func endsSubflow(v *sight) bool {
	return v.Options.MPTCPReset && (v.t.join || !refusesSYN(v))
}

func challengedFirst(v *sight) bool { return v.challenged != 0 && v.obeyed != 0 && v.inWindow() }

func challengedOnly(v *sight) bool {
	return v.challenged != 0 && v.obeyed == 0 && v.tWentOn != 0 && v.inWindow()
}

// inWindow: T asked back for a number before it, and takes as much.
func (v *sight) inWindow() bool {
	return before(v.challenge, v.Seq) && v.Seq-v.challenge <= v.t.receiveWindow(&v.s)
}

// unsigned: both ends sign their segments (RFC 2385, RFC 5925), and the RST is not.
func unsigned(v *sight) bool {
	return (v.t.signed || v.tSigned != 0) && !v.Options.Signed && !v.Options.Cut
}

func badChecksum(v *sight) bool {
	return v.sum == checksumBad && v.s.goodSums > 0 && v.s.badSums == 0
}

func beyondAll(v *sight) bool {
	if !v.synchronized() {
		return false
	}
	next, known := v.s.sent(&v.t)
	second := v.s.first != nil && known && before(v.s.first.seq, v.Seq) && before(next, v.Seq)
	return second || v.beyond != 0 && !v.stampFits()
}

func wentOn(v *sight) bool { return v.wentOn != 0 }

func ackChanged(v *sight) bool {
	if !v.synchronized() || v.stampFits() {
		return false
	}
	f := v.s.first
	return v.otherAck != 0 || f != nil && unexplained(f.flags, v.Flags, f.ack, v.Ack, &v.s, &v.t)
}

// foreignID: an injector copied the id of the packet that it answers, or made one up.
func foreignID(v *sight) bool { return copiedID(v) || jumpedID(v) }

func copiedID(v *sight) bool {
	t := &v.t.last
	return !v.IPv6 && v.ID != 0 && t.number != 0 && v.ID == t.id && v.s.packets > 0 && v.s.idRun >= 1 && far(v.ID, v.s.id)
}

func jumpedID(v *sight) bool {
	return !v.IPv6 && v.ID != 0 && v.s.idRun >= idSteady && !v.s.mixedDF && v.DF == v.s.df && far(v.ID, v.s.id) && !v.stampFits()
}

func far(a, b uint16) bool {
	d := int16(a - b)
	return d > idJump || d < -idJump
}

func behind(v *sight) bool {
	return v.synchronized() && v.s.data > 0 && v.s.known && before(v.Seq, v.s.next) && !v.answers() && !v.stampFits() && v.s.first == nil
}

// tooSoon: it acknowledges what T had only just sent, so it is an answer to it.
func tooSoon(v *sight) bool {
	t := &v.t.last
	return !v.bare() && v.s.rtt >= nearest && t.fresh && v.Ack == t.end() && v.s.acked && before(v.s.ack, v.Ack) &&
		v.Time >= t.at && v.Time-t.at < v.s.rtt/2
}

func foreignTTL(v *sight) bool {
	n := v.s.nTTLs
	if n == 0 {
		return v.later.number != 0 && v.later.ttl != v.TTL
	}
	if n > ttlsKept {
		return false
	}
	for _, known := range v.s.ttls[:n] {
		d := int(v.TTL) - int(known)
		if d == 0 || n > 1 && d >= -2 && d <= 2 {
			return false
		}
	}
	return true
}

func afterReset(v *sight) bool {
	return v.s.first != nil && v.fulfils == 0 && !v.again() && v.answers()
}

func refusesSYN(v *sight) bool {
	return !v.bare() && v.Seq == 0 && v.t.syn && v.s.packets == 0 && !before(v.Ack, v.t.isn+1) && !before(v.t.next, v.Ack)
}

func strayAnswer(v *sight) bool {
	return v.bare() && v.s.packets == 0 && v.t.synAck && !v.t.syn && v.Seq == v.t.last.ack && v.t.last.flags.Has(event.SYN)
}

func attemptEnded(v *sight) bool {
	return v.s.syn && v.s.packets > 0 && v.s.nAcks == 0 && v.t.packets == 0
}

func handshakeEnded(v *sight) bool {
	next, _ := v.s.sent(&v.t)
	return v.s.syn && v.s.nAcks == 0 && v.t.acked && (v.Seq == next || v.answers())
}

func probesFailed(v *sight) bool { return aborts(v) && v.s.probes.count > 0 }

// aborts: the RST is what Linux sends for a connection that it knows.
func aborts(v *sight) bool {
	if !v.living() || !v.knowsS() {
		return false
	}
	return v.exact() || v.stampFits() && v.inFlight()
}

// knowsS: T and S have talked, or one of both was captured in the middle of it.
func (v *sight) knowsS() bool { return v.s.packets > 0 || v.t.acked && !v.t.syn }

// unknownTo: the RST was built from a packet of T alone. One without an ACK is answered
// with a RST that acknowledges it (RFC 9293, 3.5.2).
func unknownTo(v *sight) bool {
	t := &v.t.last
	withoutACK := !v.bare() && v.Seq == 0 && !v.s.synAck && v.Window == 0 && v.Options.Bytes == 0 && t.number != 0 && !t.flags.Has(event.ACK) && v.Ack == t.end()
	return v.plain() && v.answers() || withoutACK
}

func oddAbort(v *sight) bool {
	return v.knowsS() && (v.exact() || v.answers())
}
