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
		attached := slices.Collect(s.programs)
		s.hooks = [hookCount]hookState{} // as before they were attached
		var likely []string
		for _, c := range s.likelyPrograms() {
			likely = append(likely, c.program.name)
		}
		for _, a := range attached {
			a.detach()
			a.program.Close()
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
			if s.loader.forbidden[refusal.Method] == nil && methods[refusal.Method].offered() == nil {
				return true
			}
		}
	}
	return false
}

// TestPreloadOnlyIfTheSame: a program that was loaded with other constants than
// its turn asks for is not used.
func TestPreloadOnlyIfTheSame(t *testing.T) {
	with := map[string]any{"serves": true, "callers": [2]functionRange{{Start: 1}}}
	ready := make(chan struct{})
	close(ready)
	c := candidate{program: program{name: "name"}, function: "tcp_reset"}
	p := preload{loads: map[string]*loading{"name": {candidate: c, constants: with, done: ready}}}
	for _, wrong := range []map[string]any{{}, {"serves": true, "callers": [2]functionRange{}}} {
		if p.take(&c, wrong) != nil {
			t.Errorf("taken for %v", wrong)
		}
	}
	if p.take(&candidate{program: program{name: "another"}, function: "tcp_reset"}, with) != nil {
		t.Error("taken for another program")
	}
	if p.take(&candidate{program: program{name: "name"}, function: "tcp_abort"}, with) != nil {
		t.Error("taken for another function")
	}
	if p.take(&c, map[string]any{"serves": true, "callers": [2]functionRange{{Start: 1}}}) == nil {
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
