package probe

import (
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// busySearch takes CPU time and finds nobody.
type busySearch struct{}

func (busySearch) run([]event.SocketRef) ([]event.Holder, error) {
	for begun := threadTime(); threadTime()-begun < 5*time.Millisecond; {
	}
	return nil, nil
}
func (busySearch) pause(took time.Duration) time.Duration { return 99 * took }
func (busySearch) close()                                 {}

// TestPauseOfHolders: on a slow machine a search takes so long that the next one would
// come too late for most owners. A selftest asks whether owners are right, so it may
// take more of a core.
func TestPauseOfHolders(t *testing.T) {
	for eager, least := range map[bool]time.Duration{false: 400 * time.Millisecond, true: 5 * time.Millisecond} {
		s := &Session{holders: busySearch{}, loader: &loader{options: Options{EagerHolders: eager}}}
		_, pause, err := s.Holders(nil)
		if err != nil {
			t.Fatal(err)
		}
		if pause < least || eager && pause > 300*time.Millisecond {
			t.Errorf("eager %v: a pause of %v", eager, pause)
		}
	}
}
