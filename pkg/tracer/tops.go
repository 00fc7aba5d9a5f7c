package tracer

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/probe"
)

// Tops lists the n most frequent owners, peers and local ports, from tables in
// the kernel that count every event of the host, whatever is shown. They are
// empty unless Options.Probe.Tops asked for them.
func (t *Tracer) Tops(n int) (event.Tops, error) {
	tables, err := t.source.Tops()
	if err != nil {
		return event.Tops{}, err
	}
	owners := make(map[uint64]event.Owner) // by cgroup
	ownerRow := func(c *probe.TopCount) event.TopRow {
		owner, known := owners[c.Cgroup]
		if !known {
			owner = t.places.owner(c.Cgroup)
			owners[c.Cgroup] = owner
		}
		owner.Comm = c.Comm
		return event.TopRow{Owner: owner}
	}
	return event.Tops{
		Owners: t.top(&tables.Owners, n, ownerRow),
		Peers:  t.top(&tables.Peers, n, peerRow),
		Ports:  t.top(&tables.Ports, n, portRow),
	}, nil
}

// topKey is what makes a row: the kernel side has one for every kind of evidence
// and every CPU.
type topKey struct {
	dir   event.Dir
	cause event.CauseID
	netns uint32

	comm, cgroup, container string
	peer                    netip.Addr
	port                    uint16
}

func (t *Tracer) top(table *probe.TopTable, n int, row func(*probe.TopCount) event.TopRow) event.Top {
	var top event.Top
	position := make(map[topKey]int)
	for i := range table.Entries {
		entry := &table.Entries[i]
		if !counts(entry.Evidence) {
			continue
		}
		r := row(entry)
		r.Dir, r.Cause = classify(entry.Evidence)
		r.Netns.Inode = entry.Netns
		key := topKey{r.Dir, r.Cause, entry.Netns, r.Owner.Comm, r.Owner.Cgroup, r.Owner.Container, r.Peer, r.Port}
		at, known := position[key]
		if !known {
			at = len(top.Rows)
			position[key] = at
			top.Rows = append(top.Rows, r)
		}
		top.Rows[at].Events += entry.Events
	}
	for _, other := range table.Others {
		if counts(other.Evidence) {
			top.Displaced += other.Events
		}
	}
	slices.SortFunc(top.Rows, compareRows)
	for _, r := range top.Rows[min(n, len(top.Rows)):] {
		top.Further++
		top.Unlisted += r.Events
	}
	top.Rows = top.Rows[:min(n, len(top.Rows))]
	for i := range top.Rows {
		top.Rows[i].Netns = t.places.namespace(top.Rows[i].Netns.Inode)
	}
	return top
}

// compareRows puts the most frequent first; the rest only keeps the order the
// same from one time to the next.
func compareRows(a, b event.TopRow) int {
	return cmp.Or(
		cmp.Compare(b.Events, a.Events),
		cmp.Compare(slices.Index(event.Dirs, a.Dir), slices.Index(event.Dirs, b.Dir)),
		cmp.Compare(a.Cause, b.Cause),
		cmp.Compare(a.Owner.Comm, b.Owner.Comm),
		cmp.Compare(a.Owner.Cgroup, b.Owner.Cgroup),
		a.Peer.Compare(b.Peer),
		cmp.Compare(a.Port, b.Port),
		cmp.Compare(a.Netns.Inode, b.Netns.Inode),
	)
}

// counts: what is counted without evidence is an event all the same.
func counts(e event.Evidence) bool { return e == (event.Evidence{}) || cause.IsReset(e) }

func classify(e event.Evidence) (event.Dir, event.CauseID) {
	if e == (event.Evidence{}) {
		return "", cause.Unclassified
	}
	verdict := cause.Classify(e)
	return verdict.Dir, verdict.Cause
}

func peerRow(c *probe.TopCount) event.TopRow { return event.TopRow{Peer: c.Peer} }

// portRow: of what is only forwarded neither end is this machine's.
func portRow(c *probe.TopCount) event.TopRow {
	if c.Evidence.Chain == event.ChainForward {
		return event.TopRow{}
	}
	return event.TopRow{Port: c.Port}
}
