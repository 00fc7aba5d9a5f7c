package probe

import (
	"slices"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/internal/roottest"
)

// TestLikelyPrograms: all that is attached was loaded ahead. Where a hook is
// forgotten nothing else tells, it only takes longer.
func TestLikelyPrograms(t *testing.T) {
	for _, options := range []Options{{}, {Ignored: true}, {NoDrops: true, NoFollowups: true}} {
		s := openSession(t, options)
		if unforeseen(s) {
			t.Skip("a method was refused that nothing spoke against")
		}
		if err := s.loader.parseObjects(s.loader.allowedMethods()); err != nil {
			t.Fatal(err)
		}
		var likely []string
		for _, c := range s.likelyPrograms(s.loader.allowedMethods()) {
			likely = append(likely, c.name)
		}
		for _, a := range s.attached {
			ofModule := strings.Contains(a.name, "_reject")
			if !slices.Contains(likely, a.name) && !ofModule {
				t.Errorf("%+v: %s was not loaded ahead, only %q", options, a.name, likely)
			}
		}
	}
}

// unforeseen reports whether a hook has a worse method than was likely.
func unforeseen(s *Session) bool {
	for _, h := range s.Hooks() {
		for _, refusal := range h.Refused {
			if s.loader.forbidden[refusal.Method] == nil && offered(refusal.Method) == nil {
				return true
			}
		}
	}
	return false
}

// TestAheadOnlyIfTheSame: a program that was loaded with other constants than
// its turn asks for is not used.
func TestAheadOnlyIfTheSame(t *testing.T) {
	with := map[string]any{"serves": true, "callers": [2]functionRange{{Start: 1}}}
	ready := make(chan struct{})
	close(ready)
	a := ahead{loads: map[string]*loading{"name": {constants: with, done: ready}}}
	for _, wrong := range []map[string]any{{}, {"serves": true, "callers": [2]functionRange{}}} {
		if a.take("name", wrong) != nil {
			t.Errorf("taken for %v", wrong)
		}
	}
	if a.take("another", with) != nil {
		t.Error("taken for another program")
	}
	if a.take("name", map[string]any{"serves": true, "callers": [2]functionRange{{Start: 1}}}) == nil {
		t.Error("not taken for what it is")
	}
}

// BenchmarkOpen is most of the time from the start until all is attached.
func BenchmarkOpen(b *testing.B) {
	roottest.Need(b, roottest.BPF)
	for b.Loop() {
		s, err := Open(Options{Ignored: true})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		s.Close()
		b.StartTimer()
	}
}
