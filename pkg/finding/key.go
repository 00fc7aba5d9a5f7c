package finding

import (
	"cmp"
	"net/netip"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// class says by what resets belong together.
type class uint8

const (
	byCause    class = iota // reason, actor, server and client
	byDeath                 // one process ended, and its sockets with it
	byQueue                 // an accept queue was full: four causes of one listener
	byScan                  // a peer tries many ports or addresses
	byTries                 // a process of this host tries many others
	byTurn                  // a server closes new connections at once, with the request unread or still to come
	byCheck                 // a client ends new connections at once, without a byte
	byRequest               // a server closes, and the next request is unread or still to come
	byClient                // a client closes before it has the whole answer
	byEnd                   // a process ended as it should, and its sockets with it
	byFarewell              // the last words of an end are not read
)

// key is what the resets of one finding have in common.
type key struct {
	class  class
	cause  event.CauseID
	dir    event.Dir
	actor  identity
	server netip.AddrPort
	client identity
	netns  uint32
	pid    uint32 // byDeath
	host   string // of netns and pid
}

// identity names a side so that a restart or a replica does not change it: a workload, a
// unit, a program, or else a network.
type identity struct {
	pod, container, unit, comm string
	network                    netip.Prefix
}

// identify names an owner, nil if there is none. The unit of a login or of all that a
// user runs says less than the program.
func identify(o *event.Owner) identity {
	switch {
	case o == nil || o.Source == "":
		return identity{}
	case o.Pod != "" || o.Container != "":
		return identity{pod: cmp.Or(o.Workload, workload(o.Pod)), container: workload(o.Container), comm: o.Comm}
	case o.Comm != "":
		return identity{comm: o.Comm}
	default:
		return identity{unit: o.Unit}
	}
}

// networkOf is the network of an address that stands for one client: /24 or /64.
func networkOf(a netip.Addr) netip.Prefix {
	if !a.IsValid() {
		return netip.Prefix{}
	}
	bits := 64
	if a.Is4() {
		bits = 24
	}
	p, _ := a.WithZone("").Prefix(bits)
	return p
}

// keyOf puts a reset into a group.
func keyOf(r *reset) key {
	e := r.acted
	server, here := serverOf(e)
	k := key{cause: e.Cause, dir: e.Dir, netns: e.Netns.Inode, actor: identify(&e.Owner)}
	if k.actor == (identity{}) {
		k.actor.pod = workload(e.Netns.Name)
	}
	switch {
	case diedOf(e):
		// The port does not matter, nor who was connected: one death is one incident.
		return key{class: byDeath, pid: e.Owner.PID, host: e.Host.Key(), actor: k.actor}
	case e.Cause == cause.AcceptQueueOverflow || e.Cause == cause.AckToListener:
		k.class, k.cause = byQueue, cause.AcceptQueueOverflow
	default:
		k.class, k.cause = r.classOfClose(here)
	}
	k.server = netip.AddrPortFrom(server.Addr, server.Port)
	if k.actor != (identity{}) {
		k.netns = 0 // a program is the same one in each namespace
	} else {
		k.host = e.Host.Key()
	}
	if here && (k.actor.pod != "" || k.actor.container != "") {
		k.server = netip.AddrPortFrom(netip.Addr{}, server.Port) // each replica has its own address
	}
	_, client := r.owners(here)
	if k.client = identify(client); k.client == (identity{}) {
		k.client.network = networkOf(clientOf(e, here))
	}
	return k
}

// diedOf reports whether the end of the owner ended the connection, and not a program
// that ends as it should.
func diedOf(e *event.Event) bool {
	end := &e.Owner.Ended
	if e.Owner.PID == 0 || !e.LocalSent() {
		return false
	}
	return end.Signal != "" || end.ExitCode != nil && *end.ExitCode != 0
}
