package tracing

import (
	"fmt"
	"time"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// visibility is what decides whether the RST of an end on this host would have an event.
type visibility struct {
	known   bool
	sees    probe.Visibility
	maxRate uint32 // of events a second, kind and CPU; 0: no limit
	begun   time.Time
	account account
	arrived arrivals
	// mayHaveHeld: limits was true since the report before.
	mayHaveHeld bool
}

// arrivals count what was read in this second and in the one before.
type arrivals struct {
	second       int64
	last, before int
}

func (a *arrivals) add(n int, now time.Time) {
	switch second := now.Unix(); second - a.second {
	case 0:
	case 1:
		a.second, a.last, a.before = second, 0, a.last
	default:
		a.second, a.last, a.before = second, 0, 0
	}
	a.last += n
}

// limits reports whether --max-rate may have left an event out. The kernel side counts in
// windows of at least an eighth of a second. It leaves nothing out before a window is full.
func (v *visibility) limits() bool {
	const windows = 8
	return v.maxRate > 0 && v.arrived.last+v.arrived.before >= int(v.maxRate)/windows
}

// account is how many events were lost and missed, and since when it has been so many.
type account struct {
	since        time.Time
	lost, missed uint64
}

// openVisibility is for a tracer that has begun just now: nothing was lost yet.
func openVisibility(session *probe.Session, o *Options) visibility {
	now := time.Now()
	return visibility{known: true, sees: session.Visibility(), maxRate: o.MaxRate, begun: now, account: account{since: now}}
}

// peerSent says of a received RST whose sender is on this host, and of which no event of
// that end came, whether that end may have sent it. Nothing is said of an end that may be
// elsewhere.
func (t *Tracer) peerSent(e *event.Event) event.PeerSent {
	if e.Dir != event.Received || e.PeerEvent != 0 {
		return event.PeerSent{}
	}
	if t.openSockets.peerIsOpen(e) {
		return event.PeerSent{
			Verdict: event.PeerSentNone, Because: "the socket of that end is on this host, and still has the connection: it did not reset it",
			Suspects: t.suspects(e, false),
		}
	}
	if t.hidesOtherEnd(e) {
		return event.PeerSent{Verdict: event.PeerSentHidden, Because: "the filter shows one end only"}
	}
	if !t.visibility.known || !sameNetns(e) || e.Kernel.OtherEndCause != "" {
		return event.PeerSent{}
	}
	if reason := t.mayBeUnseen(e); reason != "" {
		return event.PeerSent{Verdict: event.PeerSentNotSeen, Because: reason}
	}
	return event.PeerSent{
		Verdict: event.PeerSentNone, Because: "each RST that a socket of this host sends is seen here, and there was none",
		Suspects: t.suspects(e, true),
	}
}

// suspects are what may have sent a RST that no socket of this host sent. A rule that
// translates addresses puts an end elsewhere behind a local address: only a socket of the
// peer proves that there is none.
func (t *Tracer) suspects(e *event.Event, translated bool) []string {
	var found []string
	sees := &t.visibility.sees
	if !sees.Reject {
		found = append(found, event.SuspectRule)
	}
	if !sees.RejectLink && !e.Peer.Addr.IsLoopback() {
		found = append(found, event.SuspectBridge)
	}
	if translated {
		found = append(found, event.SuspectTranslation)
	}
	return append(found, event.SuspectForger)
}

// provePatience is how long a RST waits for the event of the other end before it is said
// that there is none. With tracepoints that event may come behind the RST: the hook of an
// abort runs after the RST has gone, and on a loopback device it has arrived by then.
const provePatience = time.Second

// endPatience is how long an event waits for that of the other end.
func (t *Tracer) endPatience(e *event.Event) time.Duration {
	if e.Dir == event.Received && t.visibility.known && t.visibility.limit() == "" && sameNetns(e) && e.Kernel.OtherEndCause == "" && !t.hidesOtherEnd(e) {
		return provePatience
	}
	return pairPatience
}

// limit is why this kernel may show no event of a RST that a socket sends, "" if it shows
// all.
func (v *visibility) limit() string {
	for _, limit := range []struct {
		holds bool
		id    string
	}{
		{!v.sees.SendActive, probe.LimitActive},
		{!v.sees.FullReply, probe.LimitReply},
		{!v.sees.Socketless, probe.LimitSocketless},
		{!v.sees.Signed, probe.LimitSigned},
	} {
		if limit.holds {
			return probe.SentenceOf(limit.id)
		}
	}
	return ""
}

// mayBeUnseen says why a RST of this host may have no event, "" if it would have one.
func (t *Tracer) mayBeUnseen(e *event.Event) string {
	v := &t.visibility
	if limit := v.limit(); limit != "" {
		return limit
	}
	switch {
	case v.limits():
		return "--max-rate may have left its event out"
	case t.endPairs == nil:
		return "RSTs of one direction are not asked for"
	case t.lag >= pairPatience:
		return "reading is behind: its event may still come"
	case t.draining || e.Time.Before(v.begun.Add(pairWindow)):
		return "tracing has just begun, or ends"
	}
	if reason := t.endPairs.mayHaveMissed(e); reason != "" {
		return reason
	}
	return t.lostSince(e)
}

// lostSince says that something was lost or missed since the RST, or that this is not
// known: "" if nothing was.
func (t *Tracer) lostSince(e *event.Event) string {
	counts, err := t.source.Counts()
	if err != nil {
		return "the counters of lost events could not be read"
	}
	before, now := &t.visibility.account, account{time.Now(), counts.Lost, counts.Missed}
	if lost := now.lost - before.lost + now.missed - before.missed; lost > 0 {
		*before = now
		return fmt.Sprintf("%d events were lost or missed in that time", lost)
	}
	// Since then the counts are what they are now.
	if before.since.After(e.Time.Add(-pairWindow)) && now.lost+now.missed > 0 {
		return "events were lost or missed a moment before"
	}
	return ""
}
