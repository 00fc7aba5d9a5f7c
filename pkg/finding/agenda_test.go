package finding

import (
	"container/heap"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestAgenda: every group is looked at when it is due, and at no other time. Walking over
// all groups whenever one was due took most of the time with 10 000 of them.
func TestAgenda(t *testing.T) {
	c := &collector{}
	s := New(c)
	random := rand.New(rand.NewPCG(1, 2))
	now := start
	for i := range 5000 {
		now = now.Add(time.Duration(random.IntN(int(quietFor / 400))))
		e := sentBy(uint64(i+1), cause.LingerZero, "app")
		e.Local.Port, e.Time = uint16(1000+random.IntN(500)), now
		must(t, s.Event(&e))
		if i%50 != 0 {
			continue
		}
		if len(s.agenda) != s.byUse.Len() {
			t.Fatalf("%d groups, %d in the agenda", s.byUse.Len(), len(s.agenda))
		}
		for at, g := range s.agenda {
			latest := g.said.due
			if ends := g.last.Add(quietFor); ends.Before(latest) {
				latest = ends
			}
			if g.at != at+1 || g.wake.After(latest) || !g.wake.After(now) {
				t.Fatalf("#%d is at %d, and wakes at %s, not between %s and %s", g.id, g.at, g.wake, now, latest)
			}
		}
	}
	ends := 0
	for _, f := range c.findings {
		if f.Phase == event.FindingEnds {
			ends++
			if quiet := f.Time.Sub(f.Last); quiet < quietFor || quiet > quietFor+quietFor/400 {
				t.Errorf("#%d ended after %s", f.ID, quiet)
			}
		}
	}
	if ends == 0 {
		t.Error("nothing ended")
	}
	last := time.Time{}
	for len(s.agenda) > 0 {
		g := heap.Pop(&s.agenda).(*group)
		if g.wake.Before(last) {
			t.Fatal("out of order")
		}
		last = g.wake
	}
}

func BenchmarkManyGroups(b *testing.B) {
	s := New(event.NopSink{})
	e := sentBy(1, cause.LingerZero, "app")
	now := start
	b.ReportAllocs()
	for b.Loop() {
		e.ID++
		now = now.Add(time.Millisecond)
		e.Time, e.Local.Port = now, uint16(1000+e.ID%groupsMax)
		_ = s.Event(&e)
	}
}
