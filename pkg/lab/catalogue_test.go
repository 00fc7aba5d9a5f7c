package lab_test

import (
	"slices"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// TestEveryCauseHasAScenario: none of the catalogue may be there on paper only.
func TestEveryCauseHasAScenario(t *testing.T) {
	shown := map[event.CauseID]bool{}
	for _, s := range lab.Scenarios() {
		for _, id := range append(slices.Clone(s.Causes), s.Instead...) {
			if _, ok := cause.Lookup(id); !ok {
				t.Errorf("%s shows %s, which is not in the catalogue: add its entry to pkg/cause", s.Name, id)
			}
			shown[id] = true
		}
	}
	for entry := range cause.All() {
		if !shown[entry.ID] && entry.ID != cause.Unclassified && entry.Dir != event.Observed {
			t.Errorf("no scenario shows %s", entry.ID)
		}
	}
}

// TestSilenceIsNamed: scenarios that expect nothing say so by their name.
func TestSilenceIsNamed(t *testing.T) {
	const prefix = "no-reset-"
	for _, s := range lab.Scenarios() {
		named := len(s.Name) > len(prefix) && s.Name[:len(prefix)] == prefix
		if named != (len(s.Causes) == 0) {
			t.Errorf("%s shows %v", s.Name, s.Causes)
		}
	}
}
