package peers

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/test/peers/fleetplay"
)

// fleetEnd is an end of a connection, as its machine has it.
type fleetEnd struct {
	machine     string
	local, peer netip.AddrPort
}

// fleetConn is a connection that was played.
type fleetConn struct {
	play       *fleetplay.Play
	dial, take fleetEnd
	dialGot    string
	takeGot    string
	repeated   bool // perhaps the SYN was
}

// fleetReset is a RST that was sent, by whatever, with the causes of both ends.
type fleetReset struct {
	from, to  *fleetEnd // nil: a forger sent it; no machine got it
	fromCause event.CauseID
	toCause   event.CauseID
	alone     string // what a join says, if it has one end
}

// mayRepeat is when a SYN is sent again, nearly. If both are refused, there are two RSTs with the
// same numbers, and nobody knows how many.
const mayRepeat = 900 * time.Millisecond

// What a join says of one end.
const (
	nobodySent   = "no traced host sent it"
	neverArrived = "it never arrived"
	notSeen      = "not seen"
)

// conns are all connections, of what both ends have reported.
func (f *machinesFleet) conns() (all []*fleetConn) {
	type key struct{ play, round int }
	byKey := map[key]*fleetConn{}
	for _, r := range f.reports {
		k := key{r.Play, r.Round}
		c := byKey[k]
		if c == nil {
			c = &fleetConn{play: &fleetplay.Plays[r.Play]}
			byKey[k] = c
			all = append(all, c)
		}
		if r.Dialed {
			c.dial, c.dialGot = fleetEnd{f.of(c.play.From), r.Local, r.Remote}, r.Got
			c.repeated = r.Took > mayRepeat
		} else {
			c.take, c.takeGot = fleetEnd{f.of(c.play.To), r.Local, r.Remote}, r.Got
		}
	}
	for _, c := range all {
		if !c.take.local.IsValid() { // it was refused, and nobody translated its addresses
			c.take = fleetEnd{f.of(c.play.To), c.dial.peer, c.dial.local}
		}
	}
	return all
}

// resets are the RSTs of a connection.
func (f *machinesFleet) resets(c *fleetConn) []fleetReset {
	dial, take := &c.dial, &c.take
	switch c.play.Act {
	case fleetplay.AcceptAborts:
		if c.play.Rule == fleetplay.DropsResets {
			// The address is that of the router. Who is behind it is not known.
			return []fleetReset{{from: take, fromCause: cause.LingerZero, alone: notSeen}}
		}
		return []fleetReset{{from: take, to: dial, fromCause: cause.LingerZero, toCause: cause.PeerAborted}}
	case fleetplay.AcceptUnread:
		return []fleetReset{{from: take, to: dial, fromCause: cause.UnreadDataOnClose, toCause: cause.PeerAborted}}
	case fleetplay.DialAborts:
		if c.play.Rule == fleetplay.DropsResets {
			return []fleetReset{{from: dial, fromCause: cause.LingerZero, alone: neverArrived}}
		}
		return []fleetReset{{from: dial, to: take, fromCause: cause.LingerZero, toCause: cause.PeerAborted}}
	case fleetplay.Refuse:
		if c.play.Rule == fleetplay.Rejects {
			inItsName := &fleetEnd{f.of(fleetplay.Router), dial.peer, dial.local}
			return []fleetReset{{from: inItsName, to: dial, fromCause: cause.NetfilterReject, toCause: cause.Refused}}
		}
		return []fleetReset{{from: take, to: dial, fromCause: cause.ClosedPort, toCause: cause.Refused}}
	case fleetplay.ForgeToDial: // then the server closes, and the client does not know the connection
		return []fleetReset{
			{to: dial, toCause: cause.ResetByPeer, alone: nobodySent},
			{from: dial, to: take, fromCause: cause.ClosedEarlier, toCause: cause.ResetWhileClosing},
		}
	case fleetplay.ForgeToTake: // then the client writes, and the server does not know the connection
		return []fleetReset{
			{to: take, toCause: cause.ResetByPeer, alone: nobodySent},
			{from: take, to: dial, fromCause: cause.ClosedEarlier, toCause: cause.PeerGone},
		}
	}
	return nil
}

// certain are the lines about connections of which it is known how many RSTs they have. On a
// busy host this is not so of each.
func (f *machinesFleet) certain(lines []string) []string {
	lines = slices.Clone(lines)
	for _, c := range f.conns() {
		if c.repeated {
			lines = slices.DeleteFunc(lines, func(line string) bool {
				return strings.Contains(line, c.dial.local.String()) || strings.Contains(line, c.take.peer.String())
			})
		}
	}
	return lines
}

// due are the lines that a right join comes to.
func (f *machinesFleet) due() (lines []string) {
	for _, c := range f.conns() {
		for _, r := range f.resets(c) {
			lines = append(lines, f.lines(&r)...)
		}
	}
	slices.Sort(lines)
	return lines
}

// lines are those of one RST.
func (f *machinesFleet) lines(r *fleetReset) (lines []string) {
	from, to := r.alone, r.alone
	if r.from != nil && r.to != nil {
		from, to = f.other(r.from, r.to), f.other(r.to, r.from)
	}
	if r.from != nil {
		lines = append(lines, endLine(*r.from, event.Sent, r.fromCause, from))
	}
	if r.to != nil {
		lines = append(lines, endLine(*r.to, event.Received, r.toCause, to))
	}
	return lines
}

func endLine(e fleetEnd, dir event.Dir, c event.CauseID, other string) string {
	return fmt.Sprintf("%s %s %s, %s with %s: %s", e.machine, dir, c, e.local, e.peer, other)
}

// other says what one end must know of the other one.
func (f *machinesFleet) other(this, that *fleetEnd) string {
	switch {
	case this.machine == that.machine:
		return "this machine has the other end"
	case this.local == that.peer && this.peer == that.local:
		return that.machine + " has the other end"
	}
	return fmt.Sprintf("%s has the other end, %s with %s", that.machine, that.local, that.peer)
}

// said are the lines that a join has come to.
func said(s *stream) (lines []string) {
	for _, e := range s.events {
		other := ""
		switch {
		case e.PeerHost != nil && e.PeerHost.Local != nil:
			other = fmt.Sprintf("%s has the other end, %s with %s", e.PeerHost.Host, e.PeerHost.Local, e.PeerHost.Peer)
		case e.PeerHost != nil:
			other = e.PeerHost.Host + " has the other end"
		case e.PeerEvent != 0:
			other = "this machine has the other end"
		case e.PeerSent.Verdict == event.PeerSentNone:
			other = nobodySent
		case e.PeerGot.Verdict == event.PeerSentNone:
			other = neverArrived
		case e.PeerSent.Verdict == event.PeerSentNotSeen || e.PeerGot.Verdict == event.PeerSentNotSeen:
			other = notSeen
		}
		lines = append(lines, endLine(fleetEnd{e.HostName, e.Local.AddrPort(), e.Peer.AddrPort()}, e.Dir, e.Cause, other))
	}
	slices.Sort(lines)
	return lines
}
