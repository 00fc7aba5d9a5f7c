package recording_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/internal/recording"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// handMade are the causes that no recording has, and which only the hand-made
// evidence of package cause proves. The list is exact.
var handMade = []event.CauseID{
	cause.Unclassified, // must not happen
}

func recordings(t *testing.T) []*recording.Recording {
	t.Helper()
	all, err := recording.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("testdata has no recordings: make record writes them")
	}
	return all
}

// TestReplay: each evidence gives the cause that it gave on its kernel, and the
// kernel's counters agree with the events.
func TestReplay(t *testing.T) {
	for _, r := range recordings(t) {
		for _, problem := range r.Replay() {
			t.Error(problem)
		}
	}
}

func TestEveryCauseIsRecorded(t *testing.T) {
	reached := make(map[event.CauseID]bool)
	for _, r := range recordings(t) {
		for id, k := range r.Coverage() {
			reached[id] = reached[id] || k.Reached()
		}
	}
	for entry := range cause.All() {
		if entry.Dir == event.Observed {
			continue // of captures: package wire proves it
		}
		switch listed := slices.Contains(handMade, entry.ID); {
		case reached[entry.ID] && listed:
			t.Errorf("%s is recorded now: take it off the list of causes with hand-made evidence only", entry.ID)
		case !reached[entry.ID] && !listed:
			t.Errorf("%s is in no recording: make record, or leave that to a maintainer (CONTRIBUTING.md)", entry.ID)
		}
	}
}

func TestScenariosExist(t *testing.T) {
	for _, r := range recordings(t) {
		for _, s := range r.Scenarios {
			if _, ok := lab.Find(s.Name); !ok {
				t.Errorf("%s has the scenario %s, which the lab has no more: make record", r.FileName(), s.Name)
			}
		}
	}
}

func TestLimitsExist(t *testing.T) {
	for _, r := range recordings(t) {
		for _, id := range r.Limits {
			if probe.SentenceOf(id) == "" {
				t.Errorf("%s has the limit %s, which package probe does not know: make record", r.FileName(), id)
			}
		}
	}
}

// TestLimitsAreTrue: no kernel shows, by any method, what its own limits declare
// unknowable.
func TestLimitsAreTrue(t *testing.T) {
	for _, r := range recordings(t) {
		for _, id := range r.Limits {
			limit, _ := probe.LimitByID(id)
			for _, v := range r.Evidence {
				if limit.Excludes(v.Evidence) {
					t.Errorf("%s: %s %s contradicts the limit %s: %+v", r.FileName(), v.Certainty, v.Cause, id, v.Evidence)
				}
			}
		}
	}
}

// TestLayout: the files are as Encode writes them, so that recording again
// shows only what differs.
func TestLayout(t *testing.T) {
	for _, r := range recordings(t) {
		want, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("testdata", r.FileName()))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s was not written by make record", r.FileName())
		}
	}
}
