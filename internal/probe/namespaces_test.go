package probe

import (
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// netnsTotals are the events of each namespace, by evidence.
func netnsTotals(t *testing.T, s *Session) map[uint32]map[event.Evidence]uint64 {
	t.Helper()
	counts, err := s.NetnsCounts()
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[uint32]map[event.Evidence]uint64)
	for _, c := range counts {
		if found[c.Inode] == nil {
			found[c.Inode] = make(map[event.Evidence]uint64)
		}
		found[c.Inode][c.Evidence] += c.Events
	}
	return found
}

// TestNetnsCounts: every event is counted once, under its namespace and evidence.
func TestNetnsCounts(t *testing.T) {
	first, second := newNamespace(t), newNamespace(t)
	s := openSession(t, Options{Netns: true, RingSize: 8 << 20})
	refuseConnects(t, first, 30)
	refuseConnects(t, second, 20)
	reported := make(map[uint32]map[event.Evidence]uint64)
	for _, e := range readAll(t, s) {
		if reported[e.Netns.Inode] == nil {
			reported[e.Netns.Inode] = make(map[event.Evidence]uint64)
		}
		reported[e.Netns.Inode][e.Evidence]++
	}
	counted := netnsTotals(t, s)
	if len(counted[first.Inode()]) == 0 || len(counted[second.Inode()]) == 0 {
		t.Errorf("no events of %d or %d in %v", first.Inode(), second.Inode(), counted)
	}
	for inode, events := range counted {
		for evidence, n := range events {
			if reported[inode][evidence] != n {
				t.Errorf("namespace %d: %d counted, %d reported of %+v", inode, n, reported[inode][evidence], evidence)
			}
			delete(reported[inode], evidence)
		}
	}
	for inode, events := range reported {
		for evidence, n := range events {
			t.Errorf("namespace %d: %d reported and never counted of %+v", inode, n, evidence)
		}
	}
}

// TestUnplaced: events without a free cell are counted as such, and by evidence.
func TestUnplaced(t *testing.T) {
	namespace := newNamespace(t)
	s := openSession(t, Options{Netns: true})
	for cell := range uint32(netnsCells) {
		if err := s.maps["netns_claims"].Put(cell, cell); err != nil {
			t.Fatal(err)
		}
	}
	refuseConnects(t, namespace, 10)
	s.Detach()
	counts, err := s.Counts()
	if err != nil {
		t.Fatal(err)
	}
	var counted uint64
	for _, c := range counts.ByEvidence {
		counted += c.Events
	}
	if counts.Unplaced < 10 || counts.Unplaced > counted || netnsTotals(t, s)[namespace.Inode()] != nil {
		t.Errorf("%d events are unplaced, of %+v", counts.Unplaced, counts.ByEvidence)
	}
}

// TestNetnsNotAsked: without the option nothing is counted by namespace.
func TestNetnsNotAsked(t *testing.T) {
	namespace := newNamespace(t)
	s := openSession(t, Options{})
	refuseConnects(t, namespace, 10)
	s.Detach()
	counts, err := s.Counts()
	if err != nil {
		t.Fatal(err)
	}
	if found := netnsTotals(t, s); len(found) != 0 || counts.Unplaced != 0 {
		t.Errorf("%v, %d unplaced", found, counts.Unplaced)
	}
}
