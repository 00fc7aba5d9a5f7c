package tracing

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Tops lists the n most frequent owners, peers and local ports, from tables in
// the kernel that count every event of the host, whatever is shown. They are
// empty unless Options.Top asked for them.
func (t *Tracer) Tops(n int) (tops event.Tops, err error) {
	t.tops.reset(t.locations)
	for _, table := range []struct {
		kind probe.TopKind
		top  *event.Top
		row  func(*probe.TopCount) event.TopRow
	}{
		{probe.TopOwners, &tops.Owners, t.tops.ownerRow},
		{probe.TopPeers, &tops.Peers, peerRow},
		{probe.TopPorts, &tops.Ports, portRow},
	} {
		found, err := t.source.Top(table.kind)
		if err != nil {
			return event.Tops{}, fmt.Errorf("the most frequent: %w", err)
		}
		*table.top = t.tops.list(found, n, table.row)
	}
	return tops, nil
}

// topLists makes lists of tables. A table may have tens of thousands of entries,
// and lists may be made every second. So all memory is used again, except that of
// the rows that are listed.
type topLists struct {
	locations   *locations
	owners      map[uint64]topOwner // by cgroup
	locationIDs map[topLocation]uint32
	verdicts    map[event.Evidence]topVerdict
	sumOf       map[topKey]int
	sums        []topSum
	rows        []event.TopRow
}

// topOwner is an owner of whom only the cgroup is known.
type topOwner struct {
	event.Owner
	location uint32 // the same for cgroups that a reader cannot distinguish
}

type topLocation struct{ cgroup, container string }

// topVerdict is what evidence counts as.
type topVerdict struct {
	dir    event.Dir
	cause  event.CauseID
	counts bool
}

// topKey is what makes a row: the kernel side has one for every kind of evidence
// and every CPU.
type topKey struct {
	dir      event.Dir
	cause    event.CauseID
	netns    uint32
	location uint32
	comm     string
	peer     netip.Addr
	port     uint16
}

// topSum is a row before it is known whether it will be listed.
type topSum struct {
	first  *probe.TopCount
	events uint64
}

// reset forgets the names of the last time, which may have changed.
func (l *topLists) reset(p *locations) {
	if l.owners == nil {
		l.owners = make(map[uint64]topOwner)
		l.locationIDs = make(map[topLocation]uint32)
		l.verdicts = make(map[event.Evidence]topVerdict)
		l.sumOf = make(map[topKey]int)
	}
	clear(l.owners)
	clear(l.locationIDs)
	l.locations = p
}

func (l *topLists) list(table *probe.TopTable, n int, row func(*probe.TopCount) event.TopRow) event.Top {
	var top event.Top
	l.add(table, row)
	for _, other := range table.Others {
		if l.verdict(other.Evidence).counts {
			top.Displaced += other.Events
		}
	}
	l.rows = l.rows[:0]
	for _, sum := range l.sums {
		top.Further++
		top.Unlisted += sum.events
		if n == 0 || len(l.rows) == n && sum.events < l.rows[n-1].Events {
			continue
		}
		l.enter(l.rowOf(sum, row), n)
	}
	for i := range l.rows {
		r := &l.rows[i]
		r.Netns = l.locations.namespace(r.Netns.Inode)
		top.Further--
		top.Unlisted -= r.Events
	}
	top.Rows = slices.Clone(l.rows)
	return top
}

// add sums up what is one row for a reader.
func (l *topLists) add(table *probe.TopTable, row func(*probe.TopCount) event.TopRow) {
	l.sums = l.sums[:0]
	clear(l.sumOf)
	for i := range table.Entries {
		entry := &table.Entries[i]
		if !l.verdict(entry.Evidence).counts {
			continue
		}
		r := l.rowOf(topSum{first: entry}, row)
		key := topKey{r.Dir, r.Cause, r.Netns.Inode, l.owners[entry.Cgroup].location, r.Owner.Comm, r.Peer, r.Port}
		at, known := l.sumOf[key]
		if !known {
			at = len(l.sums)
			l.sumOf[key] = at
			l.sums = append(l.sums, topSum{first: entry})
		}
		l.sums[at].events += entry.Events
	}
}

func (l *topLists) rowOf(sum topSum, row func(*probe.TopCount) event.TopRow) event.TopRow {
	r := row(sum.first)
	verdict := l.verdict(sum.first.Evidence)
	r.Dir, r.Cause, r.Events = verdict.dir, verdict.cause, sum.events
	r.Netns.Inode = sum.first.Netns
	return r
}

// enter puts a row among the n that come first.
func (l *topLists) enter(r event.TopRow, n int) {
	at, _ := slices.BinarySearchFunc(l.rows, r, compareRows)
	if at == n {
		return
	}
	if len(l.rows) == n {
		l.rows = l.rows[:n-1]
	}
	l.rows = slices.Insert(l.rows, at, r)
}

// verdict: what is counted without evidence is an event all the same.
func (l *topLists) verdict(e event.Evidence) topVerdict {
	v, known := l.verdicts[e]
	if known {
		return v
	}
	switch {
	case e == (event.Evidence{}):
		v = topVerdict{cause: cause.Unclassified, counts: true}
	case cause.IsReset(e):
		verdict := cause.Classify(e)
		v = topVerdict{verdict.Dir, verdict.Cause, true}
	}
	l.verdicts[e] = v
	return v
}

func (l *topLists) ownerRow(c *probe.TopCount) event.TopRow {
	owner, known := l.owners[c.Cgroup]
	if !known {
		owner.Owner = l.locations.owner(c.Cgroup)
		location := topLocation{owner.Cgroup, owner.Container}
		if owner.location, known = l.locationIDs[location]; !known {
			owner.location = uint32(len(l.locationIDs))
			l.locationIDs[location] = owner.location
		}
		l.owners[c.Cgroup] = owner
	}
	owner.Comm = c.Comm
	return event.TopRow{Owner: owner.Owner}
}

func peerRow(c *probe.TopCount) event.TopRow { return event.TopRow{Peer: c.Peer} }

// portRow: of what is only forwarded neither end is this machine's.
func portRow(c *probe.TopCount) event.TopRow {
	if c.Evidence.Chain == event.ChainForward {
		return event.TopRow{}
	}
	return event.TopRow{Port: c.Port}
}

// compareRows puts the most frequent first; the rest only keeps the order the
// same from one time to the next.
func compareRows(a, b event.TopRow) int {
	if a.Events != b.Events {
		return cmp.Compare(b.Events, a.Events)
	}
	return cmp.Or(
		cmp.Compare(slices.Index(event.Dirs, a.Dir), slices.Index(event.Dirs, b.Dir)),
		cmp.Compare(a.Cause, b.Cause),
		cmp.Compare(a.Owner.Comm, b.Owner.Comm),
		cmp.Compare(a.Owner.Cgroup, b.Owner.Cgroup),
		a.Peer.Compare(b.Peer),
		cmp.Compare(a.Port, b.Port),
		cmp.Compare(a.Netns.Inode, b.Netns.Inode),
	)
}
