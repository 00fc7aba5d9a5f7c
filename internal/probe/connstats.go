package probe

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// connStats takes the length of a jiffy, by which the kernel side counts.
func (in *interner) connStats(r *resetRecord, e *event.Event, jiffy time.Duration) {
	n := &r.Conn
	e.Conn = event.Conn{
		Known:         true,
		Cookie:        r.Cookie,
		SRTTMicros:    n.SrttUs >> 3, // the kernel keeps eight times the value
		Retransmits:   n.Retransmits,
		BytesAcked:    n.BytesAcked,
		BytesReceived: n.BytesReceived,
		AgeMillis:     ageMillis(r),
		Mark:          n.Mark,
		UID:           in.uids.Pointer(n.Uid),

		SegmentsReceived: in.counts.Pointer(n.SegsIn),
		SegmentsSent:     in.counts.Pointer(n.SegsOut),
		SegmentsUnacked:  in.counts.Pointer(n.PacketsOut),
		PeerFinMillis:    millisSinceNote(n.SincePeerFin, jiffy),
		FinMillis:        millisSinceNote(n.SinceFin, jiffy),

		IdleBeforePeerFinMillis: millisSinceNote(n.IdleBeforePeerFin, jiffy),
		IdleBeforeFinMillis:     millisSinceNote(n.IdleBeforeFin, jiffy),
	}
	if e.State != 0 && e.State != event.StateSynSent {
		e.Conn.LastReceivedMillis = millisSince(n.SinceReceived, jiffy)
		e.Conn.LastSentMillis = millisSince(n.SinceSent, jiffy)
	}
	e.Lost = lost(r, e.State, e.Evidence)
	e.Kernel.UserTimeoutMillis = n.UserTimeoutMs
	e.Kernel.SndUna, e.Kernel.SndNxt = n.SndUna, n.SndNxt
}

// ageMillis is how long ago the connection began, at least 1; 0: not known.
func ageMillis(r *resetRecord) uint64 {
	if r.ConnectedNs == 0 || r.TimeNs < r.ConnectedNs {
		return 0
	}
	return atLeastOne(time.Duration(r.TimeNs - r.ConnectedNs))
}

// millisSinceNote takes jiffies plus 1, and 0 for what is not known.
func millisSinceNote(jiffies uint32, jiffy time.Duration) uint64 {
	if jiffies == 0 {
		return 0
	}
	return millisSince(jiffies-1, jiffy)
}

func millisSince(jiffies uint32, jiffy time.Duration) uint64 {
	return atLeastOne(time.Duration(jiffies) * jiffy)
}

func atLeastOne(d time.Duration) uint64 {
	return max(1, uint64(d.Round(time.Millisecond).Milliseconds()))
}

// lost counts the bytes that die with the connection. SYN and FIN take a
// sequence number each and are no data.
func lost(r *resetRecord, state event.State, evidence event.Evidence) event.Lost {
	n := &r.Conn
	var l event.Lost
	if evidence.Has(event.FactUnread) && !keepsUnread(evidence) {
		l.UnreadBytes = r.Expected.RcvNxt - n.CopiedSeq
		if evidence.Has(event.FactPeerFIN) {
			l.UnreadBytes--
		}
	}
	if state == event.StateSynSent || state == event.StateSynRecv {
		return l // nothing but a SYN is on its way
	}
	l.UnsentBytes = n.WriteSeq - n.SndNxt
	l.UnackedBytes = n.SndNxt - n.SndUna
	if state == event.StateFinWait1 || state == event.StateClosing || state == event.StateLastAck {
		if l.UnsentBytes > 0 {
			l.UnsentBytes-- // our FIN is still in the queue
		} else if l.UnackedBytes > 0 {
			l.UnackedBytes--
		}
	}
	return l
}

// keepsUnread: what waits to be read stays when a RST comes, and when a timer or
// tcp_abort sends one, and read returns it before the error. close and
// tcp_disconnect throw it away; they have the state at CLOSE when they reset.
func keepsUnread(e event.Evidence) bool {
	switch {
	case e.Hook == event.HookReceive:
		return true
	case e.Facts.Any(event.FactDead | event.FactMPTCP):
		return false
	}
	return e.Hook == event.HookSendReply || e.State != event.StateClose
}
