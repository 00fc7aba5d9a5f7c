package finding

import (
	"net/netip"
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// scanPorts is how many different ports of this host one address must try for a
	// scan. A client with a wrong list of servers tries fewer.
	scanPorts = 8
	// scanWithin is in which time.
	scanWithin = time.Minute
	// ofScan is how often a scan tries one port at most. Who tries one more often wants
	// that one.
	ofScan = 3
	// scannersMax is how many addresses are watched.
	scannersMax = 1024
)

// tries reports whether a cause is that of RSTs that a scan brings about: of SYN, ACK and
// half-open scans.
func tries(id event.CauseID) bool {
	switch id {
	case cause.ClosedPort, cause.HalfOpen, cause.HandshakeAborted, cause.AckToListener, cause.RSTNoConnection, cause.RSTToListener:
		return true
	}
	return false
}

// scans watches how many ports each address tries.
type scans struct {
	of map[client]*scanner
}

// client is an address, and the program where that is known: on a loopback device all
// programs have the same address.
type client struct {
	addr netip.Addr
	comm string
}

func clientTrying(r *reset) client {
	c := client{addr: r.acted.Peer.Addr}
	if r.both() {
		c.comm = r.suffered.Owner.Comm
	}
	return c
}

type scanner struct {
	since  time.Time
	ports  tally[uint16]
	groups []*group // of single ports, before it was known as a scan
}

func (s *scanner) known() bool { return s.ports.n >= scanPorts }

// note takes a reset. If its peer scans this host, the key becomes that of the scan.
func (s *scans) note(r *reset, k *key) (begun *scanner) {
	e := r.acted
	if k.class != byCause || !tries(e.Cause) {
		return nil
	}
	from := clientTrying(r)
	one := s.of[from]
	if one == nil || e.Time.Sub(one.since) > scanWithin && !one.known() {
		if s.of == nil || len(s.of) >= scannersMax {
			s.of = make(map[client]*scanner)
		}
		one = &scanner{since: e.Time}
		s.of[from] = one
	}
	before := one.known()
	one.ports.add(e.Local.Port)
	if !one.known() {
		return nil
	}
	*k = key{class: byScan, client: identity{comm: from.comm, network: netip.PrefixFrom(from.addr.WithZone(""), from.addr.BitLen())}}
	if before {
		return nil
	}
	return one
}

// remember keeps the group of a single port, which a scan takes over.
func (s *scans) remember(r *reset, g *group) {
	if g.resets > ofScan || !tries(r.acted.Cause) {
		return
	}
	one := s.of[clientTrying(r)]
	if one != nil && !one.known() && !slices.Contains(one.groups, g) {
		one.groups = append(one.groups, g)
	}
}
