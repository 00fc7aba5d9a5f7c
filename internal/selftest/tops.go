package selftest

import (
	"fmt"
	"slices"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// topSets is small, so that entries are displaced in the course of a run.
const topSets = 32

// topWitness sees how the kernel side's table of owners grows in a scenario.
type topWitness struct {
	session *probe.Session
	before  map[ownerKey]uint64
	after   map[ownerKey]uint64
}

// ownerKey is an owner in that table, with what happened.
type ownerKey struct {
	evidence event.Evidence
	comm     string
	cgroup   uint64
	netns    uint32
}

func (w *topWitness) start([]*lab.Namespace) (err error) {
	w.before, err = w.owners()
	return err
}

func (w *topWitness) stop([]*lab.Namespace) (err error) {
	w.after, err = w.owners()
	return err
}

func (w *topWitness) owners() (map[ownerKey]uint64, error) {
	tables, err := w.session.Tops()
	if err != nil {
		return nil, err
	}
	owners := make(map[ownerKey]uint64)
	for _, e := range tables.Owners.Entries {
		owners[ownerKey{e.Evidence, e.Comm, e.Cgroup, e.Netns}] += e.Events
	}
	return owners, nil
}

// checkTops: the table of owners names nobody wrongly, and everybody who acted
// himself, as far as its entries were not displaced.
func (c *comparison) checkTops(n lab.NamespaceInfo) {
	named := make(map[ownerKey]uint64) // by cause: evidence has no more than Dir and Cause of it
	for key, events := range c.tops.after {
		grown := events - min(events, c.tops.before[key])
		if key.netns != n.Inode || grown == 0 || !cause.IsReset(key.evidence) {
			continue
		}
		if right := c.mayOwn(n, key); key.comm != "" && !slices.Contains(right, key.comm) {
			c.problemf("the table of owners names %q for %+v, it may be one of %q", key.comm, key.evidence, right)
		}
		named[ownerKey{evidence: key.evidence, comm: key.comm, netns: key.netns}] += grown
	}
	for i, expected := range c.outcome.Expect {
		e := c.matched[i]
		if expected.Namespace != n.Name || e == nil || e.Owner.Source != event.FromCurrent || e.Evidence.Has(event.FactMPTCP) {
			continue
		}
		if named[ownerKey{evidence: e.Evidence, comm: e.Owner.Comm, netns: n.Inode}] == 0 {
			c.problemf("the table of owners does not name %s for %s at %s", e.Owner.Comm, e.Cause, e.Local)
		}
	}
}

// mayOwn lists the names of the owners that are due for a kind of evidence.
func (c *comparison) mayOwn(n lab.NamespaceInfo, key ownerKey) (comms []string) {
	for i, expected := range c.outcome.Expect {
		e := c.matched[i]
		if expected.Namespace == n.Name && e != nil && e.Evidence == key.evidence && expected.Owner != "" {
			comms = append(comms, c.actor(expected.Owner).Comm)
		}
	}
	return comms
}

// checkTopSums holds what stands behind the counters against them.
func checkTopSums(s *probe.Session) error {
	counts, err := s.Counts()
	if err != nil {
		return err
	}
	if counts.Uncounted > 0 {
		return fmt.Errorf("%d events found no free counter, and there are more counters than kinds of evidence", counts.Uncounted)
	}
	tables, err := s.Tops()
	if err != nil {
		return err
	}
	for name, table := range map[string]*probe.TopTable{"owners": &tables.Owners, "peers": &tables.Peers, "local ports": &tables.Ports} {
		sums := make(map[event.Evidence]uint64)
		for _, e := range table.Entries {
			sums[e.Evidence] += e.Events
		}
		for _, o := range table.Others {
			sums[o.Evidence] += o.Events
		}
		for _, count := range counts.ByEvidence {
			if sums[count.Evidence] != count.Events {
				return fmt.Errorf("the table of %s has %d events of %+v, %d were counted", name, sums[count.Evidence], count.Evidence, count.Events)
			}
		}
	}
	return nil
}
