package wire

import (
	"fmt"
	"time"

	"github.com/rsttrace/rsttrace/internal/rstreason"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Sentences with the numbers that decided. S is called the sender, T the other end.

func becauseChallenged(v *sight, e *Evidence) []string {
	e.add(v.challenged, v.obeyed)
	return []string{
		fmt.Sprintf("its sequence number was %d past what the other end expected, which asked back (packet %d)", int32(v.Seq-v.challenge), v.challenged),
		fmt.Sprintf("then a RST with exactly that number came (packet %d)", v.obeyed),
	}
}

func becauseChallengedOnly(v *sight, e *Evidence) []string {
	e.add(v.challenged, v.tWentOn)
	return []string{
		fmt.Sprintf("its sequence number was %d past what the other end expected, which asked back (packet %d)", int32(v.Seq-v.challenge), v.challenged),
		fmt.Sprintf("no better RST came, and the other end went on (packet %d)", v.tWentOn),
	}
}

func becauseUnsigned(v *sight, e *Evidence) []string {
	signed := v.tSigned
	if v.t.signed {
		signed = v.t.last.number
	}
	e.add(signed)
	return []string{fmt.Sprintf("the other end signs its segments (packet %d), and this RST has no signature: it is dropped", signed)}
}

func becauseChecksum(v *sight, e *Evidence) []string {
	e.add(v.s.last.number)
	return []string{"its checksum is wrong, and that of other packets of the sender is right: the other end drops it"}
}

func becauseBeyond(v *sight, e *Evidence) []string {
	e.add(v.beyond)
	if f := v.s.first; f != nil {
		e.add(f.number)
		return []string{fmt.Sprintf("a RST before it had a sequence number that is %d lower, and the sender has sent nothing between the two", v.Seq-f.seq)}
	}
	return []string{fmt.Sprintf("another RST (packet %d) has a sequence number that the sender never reached: no TCP of one host sends both", v.beyond)}
}

func becauseWentOn(v *sight, e *Evidence) []string {
	e.add(v.wentOn)
	lines := []string{fmt.Sprintf("the sender went on with new data or a new acknowledgement (packet %d)", v.wentOn)}
	if v.tWentOn != 0 {
		e.add(v.tWentOn)
		lines = append(lines, fmt.Sprintf("the other end went on, too (packet %d)", v.tWentOn))
	}
	return lines
}

func becauseAckChanged(v *sight, e *Evidence) []string {
	other := v.otherAck
	if f := v.s.first; other == 0 && f != nil {
		other = f.number
	}
	e.add(other)
	return []string{fmt.Sprintf("another RST of the sender (packet %d) acknowledges a number that no packet explains", other)}
}

func becauseID(v *sight, e *Evidence) []string {
	e.add(v.s.last.number)
	if copiedID(v) {
		e.add(v.t.last.number)
		return []string{fmt.Sprintf("its IP id %d is that of the packet that it answers (packet %d), and the sender's last one was %d", v.ID, v.t.last.number, v.s.id)}
	}
	return []string{fmt.Sprintf("its IP id is %d, and those of the sender count up to %d", v.ID, v.s.id)}
}

func becauseBehind(v *sight, e *Evidence) []string {
	e.add(v.s.last.number)
	return []string{fmt.Sprintf("the sender was %d bytes further already (packet %d)", v.s.next-v.Seq, v.s.last.number)}
}

func becauseTooSoon(v *sight, e *Evidence) []string {
	t := &v.t.last
	e.add(t.number)
	return []string{fmt.Sprintf("it acknowledges packet %d, which had passed here only %s before: to the sender and back takes %s at least", t.number,
		short(v.Time-t.at), short(v.s.rtt))}
}

func becauseTTL(v *sight, e *Evidence) []string {
	if v.s.nTTLs == 0 {
		e.add(v.later.number)
		return []string{fmt.Sprintf("its TTL is %d, and the next packet of the sender had %d", v.TTL, v.later.ttl)}
	}
	e.add(v.s.last.number)
	known := fmt.Sprint(v.s.ttls[0])
	for _, t := range v.s.ttls[1:min(v.s.nTTLs, ttlsKept)] {
		known += fmt.Sprintf(" or %d", t)
	}
	packets := "packets"
	if v.s.packets == 1 {
		packets = "packet"
	}
	return []string{fmt.Sprintf("its TTL is %d, and %d other %s of the sender had %s", v.TTL, v.s.packets, packets, known)}
}

func becauseAfterReset(v *sight, e *Evidence) []string {
	e.add(v.s.first.number)
	return append(answered(v, e), fmt.Sprintf("the sender had reset the connection %s before (packet %d)", short(v.Time-v.s.first.at), v.s.first.number))
}

func becauseFastClose(*sight, *Evidence) []string {
	return []string{"it has the option MP_FASTCLOSE"}
}

func becauseSubflow(v *sight, _ *Evidence) []string {
	reason := rstreason.MPTCP(v.Options.Reason)
	if reason == nil {
		return []string{"it has the option MP_TCPRST, without a reason"}
	}
	return []string{"it has the option MP_TCPRST with the reason " + reason.Name}
}

func becauseRefused(v *sight, e *Evidence) []string {
	e.add(v.t.synNumber)
	return []string{fmt.Sprintf("it answers the SYN of packet %d, and no SYN-ACK came before", v.t.synNumber)}
}

func becauseStray(v *sight, e *Evidence) []string {
	e.add(v.t.last.number)
	return []string{fmt.Sprintf("it answers the SYN-ACK of packet %d, and the capture has no SYN of the sender", v.t.last.number)}
}

func becauseAttempt(v *sight, e *Evidence) []string {
	e.add(v.s.synNumber)
	return []string{fmt.Sprintf("the sender had sent a SYN %s before (packet %d), and no answer came", short(v.Time-v.s.last.at), v.s.synNumber)}
}

func becauseHandshake(v *sight, e *Evidence) []string {
	t := &v.t.last
	e.add(v.s.synNumber, t.number)
	answer := "the SYN-ACK"
	if !t.flags.Has(event.SYN) {
		answer = "an ACK without a SYN"
	}
	return []string{fmt.Sprintf("the sender had sent a SYN (packet %d), and %s came %s before the RST (packet %d)", v.s.synNumber, answer, short(v.Time-t.at), t.number)}
}

func becauseProbes(v *sight, e *Evidence) []string {
	p := &v.s.probes
	e.add(p.first, p.last)
	return append([]string{fmt.Sprintf("the sender had sent %s with an old sequence number, and nothing came back for %s", times(uint64(p.count), "probe"), short(v.Time-p.at))},
		becauseAbort(v, e)...)
}

func becauseData(v *sight, e *Evidence) []string {
	lines := becauseAbort(v, e)
	if v.unread() {
		lines = append(lines, fmt.Sprintf("the sender had not acknowledged the last %s of the other end: it may have left data unread", times(uint64(v.t.dataEnd()-v.s.ack), "byte")))
	}
	if v.unacked() {
		lines = append(lines, fmt.Sprintf("%s of the sender were not acknowledged: it may have discarded data with SO_LINGER", times(uint64(v.s.dataEnd()-v.t.ack), "byte")))
	}
	return lines
}

func becauseAbort(v *sight, e *Evidence) []string {
	e.add(v.s.last.number)
	line := "it has the sequence number that the sender had come to"
	switch {
	case v.stampFits() && v.Window > 0:
		line += ", a window and a timestamp"
	case v.stampFits():
		line += ", and a timestamp"
	case v.Window > 0:
		line += ", and a window"
	default:
		line += ", and the sender had announced no window before"
	}
	return []string{line + ": its TCP knew the connection"}
}

func becauseClosed(v *sight, e *Evidence) []string {
	e.add(v.s.finFrame)
	return append(answered(v, e), fmt.Sprintf("the sender had closed its side %s before (packet %d)", short(v.Time-v.s.finAt), v.s.finFrame))
}

func becauseNoSocket(v *sight, e *Evidence) []string {
	lines := answered(v, e)
	if quiet := v.quiet(); quiet >= time.Second {
		lines = append(lines, "the connection had been idle for "+short(int64(quiet)))
	}
	if v.s.packets == 0 {
		lines = append(lines, "the capture has no other packet of the sender")
	}
	return lines
}

// answered says that the RST was built from a packet alone.
func answered(v *sight, e *Evidence) []string {
	line := "it has only what the packet that it answers had: its sequence number is what the other end had acknowledged"
	if !v.bare() {
		line = "it has only what the packet that it answers had, which has no ACK flag: it acknowledges that packet"
	}
	if t := v.provoked(); t != nil {
		e.add(t.number)
		line += fmt.Sprintf(" (packet %d)", t.number)
	}
	return []string{line}
}

func becauseOdd(v *sight, e *Evidence) []string {
	e.add(v.s.last.number)
	switch {
	case v.bare():
		return []string{"it answers a packet, and it has a window or options, which an answer of Linux has not"}
	case v.negotiated() && !v.Options.Timestamps:
		return []string{"it has the sequence number that the sender had come to, and no timestamp, which both ends use: another system than Linux sends that, and so does a device between"}
	}
	return []string{"it has the sequence number that the sender had come to, and neither a window nor a timestamp: another system than Linux sends that, and so does a device between"}
}

// missing says what would have been needed, where no rule holds.
func missing(v *sight) []string {
	var lines []string
	switch {
	case v.s.packets == 0 && v.t.packets == 0:
		return []string{"the capture has no other packet of the connection"}
	case v.s.packets == 0:
		lines = append(lines, "the capture has no other packet of the sender")
	case v.t.packets == 0:
		lines = append(lines, "the capture has no packet of the other end")
	}
	if !v.s.syn && !v.s.synAck && !v.t.syn && !v.t.synAck {
		lines = append(lines, "the capture has no handshake of the connection")
	}
	if v.Options.Cut {
		lines = append(lines, "the capture cuts off the options of the RST")
	}
	if next, known := v.s.sent(&v.t); known && v.Seq != next {
		lines = append(lines, fmt.Sprintf("its sequence number is %d away from what the sender had come to", int32(v.Seq-next)))
	}
	if len(lines) == 0 {
		lines = append(lines, "its shape fits no rule")
	}
	return lines
}

// quiet is how long no payload had passed before the packet that the RST answers, or
// before the RST; 0: not known.
func (v *sight) quiet() time.Duration {
	end, last := v.Time, max(v.s.lastAt, v.t.lastAt)
	if t := v.provoked(); t != nil {
		end, last = t.at, max(v.s.lastAt, v.t.prevAt)
	}
	if last == 0 || last > end {
		return 0
	}
	return time.Duration(end - last)
}

// short writes a time of nanoseconds as a person would.
func short(nanos int64) string {
	d := time.Duration(nanos)
	switch {
	case d < 0:
		return "an unknown time (the clock was set back)"
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < 2*time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}

// times writes a count of something, whose plural ends in s.
func times(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
