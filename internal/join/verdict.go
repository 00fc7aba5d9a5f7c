package join

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// hidesSent are the limits of a kernel that does not show each RST that a socket sends, and
// hidesAborts those that concern aborts. hidesGot are those of a kernel that does not show each
// RST that arrives.
var (
	hidesAborts = []string{"no-active"}
	hidesSent   = append([]string{"no-reply", "no-socketless", "no-signed"}, hidesAborts...)
	hidesGot    = []string{
		"no-receive", "no-request-fate", "no-time-wait-fate", hidesNumbers, "no-ignored-without-socket", "no-ignored-in-handshake", "no-ignored-in-connection", "no-early-drops",
	}
	hidesRules, hidesBridges = "no-reject", "no-reject-on-link"
	hidesNumbers             = "no-rst-packet"
)

// hides are the limits that may hide a RST with these numbers from the host that sends it. An
// abort has an ACK and the next sequence number (tcp_send_active_reset). A reply has an ACK
// only if the segment that it answers has none, and then its sequence number is 0
// (tcp_v4_send_reset; RFC 9293, 3.10.7.1). So a kernel that does not show all replies still
// proves that none of its sockets has aborted.
func (n numbers) hides() []string {
	if n.hasACK && n.seq != 0 {
		return hidesAborts
	}
	return hidesSent
}

// ready decides an entry. false: it has to wait.
func (s *Stage) ready(n *entry) bool {
	if n.other != nil || !n.open || n.partner != nil {
		return true
	}
	waited := s.now.Sub(n.at())
	crowded := s.held() > s.options.Held
	if !s.ended && !crowded && waited < 2*s.options.ClockError+lateness {
		return false
	}
	if crowded && waited < 2*s.options.ClockError+lateness {
		s.result.Crowded++
		s.blind = s.now.Add(2*s.options.ClockError + lateness)
	}
	if s.now.Before(n.retry) && !s.ended && !crowded {
		return false
	}
	n.retry = s.now.Add(retryEvery)
	if s.pair(n) {
		return true
	}
	verdict, because, suspects, wait := s.judge(n)
	if wait && !s.ended && !crowded && waited < patience+2*s.options.ClockError {
		return false
	}
	s.say(n, verdict, because, suspects)
	return true
}

// pair finds the other end of an entry. If several fit, none is chosen, and none of them
// gets another one.
func (s *Stage) pair(n *entry) bool {
	if n.ambiguous == "" {
		n.ambiguous = s.index.doubt(n)
	}
	found, through := s.index.candidates(n)
	if len(found) == 0 {
		return false
	}
	o := found[0]
	back, backThrough := s.index.candidates(o)
	switch {
	case n.ambiguous != "":
	case len(found) > 1:
		n.ambiguous = fmt.Sprintf("several RSTs of %s fit, so it is not known which one it was", o.host.name())
	case len(back) > 1 || back[0] != n || through != backThrough:
		n.ambiguous = fmt.Sprintf("one RST of %s fits this one and others, so it is not known which one it was", o.host.name())
	case o.ambiguous != "":
		n.ambiguous = o.ambiguous
	case s.now.Before(s.blind):
		n.ambiguous = "too many events waited at once"
	}
	if n.ambiguous != "" {
		for _, c := range found {
			if c.ambiguous == "" {
				c.ambiguous = n.ambiguous
			}
		}
		return false
	}
	n.partner, o.partner = o, n
	n.likely, o.likely = through, through
	return true
}

// tie lets both ends name each other.
func (s *Stage) tie(first, second *entry) {
	s.result.Pairs++
	if first.likely {
		s.result.Likely++
	} else {
		first.event.Confirmed = true
	}
	took := second.at().Sub(first.at())
	if !first.likely {
		s.clocks.add(first.host, second.host, first.at(), second.at())
	}
	ahead, half, known := s.clocks.between(first.host, second.host, first.at())
	for _, end := range []struct{ this, that *entry }{{first, second}, {second, first}} {
		e, o := &end.this.event, &end.that.event
		e.PeerHost = &event.PeerHost{
			Host: end.that.host.name(), HostID: end.that.host.HostID, Event: s.peerNumber(end.that), Certainty: event.Exact, AfterMicros: took.Microseconds(),
		}
		if known {
			micros := (took - ahead).Microseconds()
			error := half.Microseconds()
			e.PeerHost.TookMicros, e.PeerHost.ErrorMicros = &micros, &error
		}
		if end.this.likely {
			e.PeerHost.Certainty = event.Likely
			e.PeerHost.Because = "its numbers are the same, and one of both addresses: the other one was translated on the way"
			local, peer := o.Local, o.Peer
			e.PeerHost.Local, e.PeerHost.Peer = &local, &peer
		}
	}
	first.event.PeerEvent, second.event.PeerEvent = s.ids+2, s.ids+1
}

// peerNumber is the number that an event has on its own host. It may have got another one.
func (s *Stage) peerNumber(n *entry) uint64 {
	if n.event.HostEvent != 0 {
		return n.event.HostEvent
	}
	return n.event.ID
}

// judge says what follows from the fact that an end is known and the other one is not.
func (s *Stage) judge(n *entry) (verdict event.PeerVerdict, because string, suspects []string, wait bool) {
	switch {
	case n.ambiguous != "":
		return event.PeerSentNotSeen, n.ambiguous, nil, false
	case s.now.Before(s.blind):
		return event.PeerSentNotSeen, "too many events waited at once", nil, false
	}
	if o := s.index.sameNumbers(n); o != nil {
		n.ambiguous = "a RST of " + o.name() + " has the same numbers, but no address in common"
		return event.PeerSentNotSeen, n.ambiguous, nil, false
	}
	if !n.counted {
		return event.PeerSentNotSeen, "its numbers are not known, and an address may have been translated; --see-packets shows them", nil, false
	}
	far, dirs, limits := n.way.from.Addr(), []event.Dir{event.Sent}, n.numbers.hides()
	if n.sent {
		far, dirs, limits = n.way.to.Addr(), []event.Dir{event.Received, event.Ignored}, hidesGot
	}
	owners := s.others(far, n.host)
	if len(owners) == 0 {
		return event.PeerSentNotSeen, fmt.Sprintf("no other traced host is known to have the address %s", far), nil, false
	}
	from, to := n.at().Add(-s.options.ClockError), n.at().Add(s.options.ClockError)
	translated := false
	for _, h := range owners {
		translated = translated || h.forwards
		if a := h.sees(dirs, limits, from, to); a.doubt != "" {
			return event.PeerSentNotSeen, h.name() + ": " + a.doubt, nil, a.wait
		}
	}
	if translated && n.sent {
		return event.PeerSentNotSeen, fmt.Sprintf("%s passes packets of others on, so the other end may be behind it", owners[0].name()), nil, false
	}
	if h, a := s.hidden(n, translated, dirs, limits, from, to); h != nil {
		return event.PeerSentNotSeen, fmt.Sprintf("%s may have that address, too: %s", h.name(), a.doubt), nil, a.wait
	}
	if n.sent {
		return event.PeerSentNone, fmt.Sprintf("%s sees each RST that arrives, and there was none", owners[0].name()), nil, false
	}
	return event.PeerSentNone, fmt.Sprintf("%s sees each RST of this kind that its sockets send, and there was none", owners[0].name()), suspectsOf(owners), false
}

// others are the hosts that have an address, besides one.
func (s *Stage) others(addr netip.Addr, but *host) (found []*host) {
	for _, h := range s.hosts.owners[addr] {
		if h != but {
			found = append(found, h)
		}
	}
	return found
}

// hidden is a host that may have other addresses than those that are known of it, and that
// may not have shown the event: one with containers passes their packets on. If the address
// may stand for somebody else, each host is one.
func (s *Stage) hidden(n *entry, all bool, dirs []event.Dir, limits []string, from, to time.Time) (*host, answer) {
	for _, h := range s.hosts.all {
		if h == n.host || !all && !h.forwards {
			continue
		}
		if a := h.sees(dirs, limits, from, to); a.doubt != "" {
			return h, a
		}
	}
	return nil, answer{}
}

// suspectsOf are what may have sent a RST that no socket of a traced host sent.
func suspectsOf(owners []*host) (found []string) {
	rule, bridge, translated := false, false, false
	for _, h := range owners {
		translated = translated || h.forwards
		for _, limit := range h.limits {
			rule, bridge = rule || limit == hidesRules, bridge || limit == hidesRules || limit == hidesBridges
		}
	}
	if rule {
		found = append(found, event.SuspectRule)
	}
	if bridge {
		found = append(found, event.SuspectBridge)
	}
	if translated {
		found = append(found, event.SuspectTranslation)
	}
	return append(found, event.SuspectDevice, event.SuspectForger)
}

// say puts a verdict into the event.
func (s *Stage) say(n *entry, verdict event.PeerVerdict, because string, suspects []string) {
	switch {
	case verdict == event.PeerSentNotSeen:
		s.result.NotSeen++
	case n.sent:
		s.result.Never++
	default:
		s.result.Nobody++
	}
	said := event.PeerSent{Verdict: verdict, Because: because, Suspects: suspects, Hosts: uint32(len(s.hosts.all))}
	if n.sent {
		n.event.PeerGot = event.PeerGot{Verdict: verdict, Because: because}
		return
	}
	n.event.PeerSent = said
}
