package finding

import (
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// scanPlaces is how many different ports, or how many different addresses, one side must
	// try for a scan. A client with a wrong list of servers tries fewer.
	scanPlaces = 8
	// scanWithin is in which time.
	scanWithin = time.Minute
	// ofScan is how often a scan tries one place at most. Who tries one more often wants
	// that one.
	ofScan = 3
	// scannersMax is how many sides are watched.
	scannersMax = 1024
)

// scans watches how many ports and addresses each side tries.
type scans struct {
	of    map[client]*scanner
	whole map[netip.Addr]client // the last one at an address of whom both ends were seen
}

// client is who tries: an address, and the program where that is known. On a loopback
// device all programs have the same address.
type client struct {
	addr netip.Addr
	comm string
	out  bool // it is here, and what it tries is elsewhere
}

// attempt is what one side tried to reach.
type attempt struct {
	from      client
	at        event.Endpoint
	onlyPorts bool // many addresses prove nothing
}

// attemptOf reports whether a RST is one that a scan brings about: a SYN, ACK or half-open
// scan. A host that forgot its connections gets packets for many ports, too: those of its
// own clients.
func attemptOf(r *reset) (a attempt, ok bool) {
	e := r.acted
	a = attempt{from: client{addr: e.Peer.Addr}, at: e.Local, onlyPorts: e.Cause != cause.ClosedPort}
	if r.both() {
		a.from.comm = r.suffered.Owner.Comm
	}
	switch e.Cause {
	case cause.ClosedPort, cause.HandshakeAborted, cause.AckToListener, cause.RSTToListener:
		return a, true
	case cause.HalfOpen, cause.RSTNoConnection:
		return a, e.Local.Port <= e.Peer.Port
	case cause.Refused:
		return attempt{from: client{addr: e.Local.Addr, comm: e.Owner.Comm, out: true}, at: e.Peer}, e.Owner.Comm != ""
	}
	return a, false
}

// attempts are the causes of such RSTs.
var attempts = []event.CauseID{
	cause.ClosedPort, cause.Refused, cause.HandshakeAborted, cause.AckToListener, cause.RSTToListener, cause.HalfOpen, cause.RSTNoConnection,
}

type scanner struct {
	since  time.Time
	ports  tally[uint16]
	addrs  tally[netip.Addr]
	class  class    // byCause: it is not known as a scanner
	groups []*group // of single places, before it was known as a scanner
}

// add takes an attempt, and says whether that makes it a scanner.
// Replicas of one workload have one address here.
func (s *scanner) add(a *attempt, k *key) (begun bool) {
	s.ports.add(a.at.Port)
	if !a.onlyPorts && k.server.Addr().IsValid() {
		s.addrs.add(a.at.Addr)
	}
	if s.class != byCause {
		return false
	}
	many := s.addrs.n >= scanPlaces
	switch {
	case a.from.out && (many || s.ports.n >= scanPlaces), a.from.comm != "" && many:
		s.class = byTries
	case many || s.ports.n >= scanPlaces:
		s.class = byScan
	}
	return s.class != byCause
}

// note takes a reset. If its client is a scanner, the key becomes that of the scan.
func (s *scans) note(r *reset, k *key) (begun *scanner) {
	if k.class != byCause {
		return nil
	}
	a, ok := attemptOf(r)
	if !ok {
		return nil
	}
	s.complete(r, &a)
	now := r.acted.Time
	one := s.of[a.from]
	if one == nil || now.Sub(one.since).Abs() > scanWithin && one.class == byCause {
		if s.of == nil || len(s.of) >= scannersMax {
			s.of, s.whole = make(map[client]*scanner), make(map[netip.Addr]client)
		}
		one = &scanner{since: now}
		s.of[a.from] = one
	}
	first := one.add(&a, k)
	if one.class == byCause {
		return nil
	}
	addr := a.from.addr.WithZone("")
	*k = key{class: one.class, client: identity{comm: a.from.comm, network: netip.PrefixFrom(addr, addr.BitLen())}}
	if first {
		return one
	}
	return nil
}

// complete names who tries, where one end alone shows less: a storm has left the other one
// out. Only a scanner that is known as one counts.
func (s *scans) complete(r *reset, a *attempt) {
	if r.both() {
		if s.whole != nil {
			s.whole[a.from.addr] = a.from
		}
		return
	}
	known, ok := s.whole[a.from.addr]
	if !ok || known.out || a.from.comm != "" && a.from.comm != known.comm {
		return
	}
	if one := s.of[known]; one != nil && one.class != byCause {
		a.from = known
	}
}

// remember keeps the group of a single place, which a scan takes over.
func (s *scans) remember(r *reset, g *group) {
	if g.resets > ofScan {
		return
	}
	a, ok := attemptOf(r)
	if !ok {
		return
	}
	one := s.of[a.from]
	if one != nil && one.class == byCause && !slices.Contains(one.groups, g) {
		one.groups = append(one.groups, g)
	}
}

// rarely reports whether each place was tried a few times only.
func (g *group) rarely() bool { return g.places.more || g.resets <= ofScan*uint64(g.places.n) }

// placesText says what was tried: "20 ports", "port 22 at 20 addresses".
func (g *group) placesText() string {
	ports := countOf(g.ports.export(), "port")
	if g.ports.n == 1 {
		ports = "port " + strconv.Itoa(int(g.serverPort(&g.first)))
	}
	if g.addrs.n < 2 {
		return ports
	}
	return ports + " at " + countOf(g.addrs.export(), "address")
}

// soFar says that a count is not the last word.
func (g *group) soFar() string {
	if g.goesOn {
		return " so far"
	}
	return ""
}
