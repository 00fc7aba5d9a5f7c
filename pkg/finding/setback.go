package finding

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// notice takes the time of an event, or of now. Times come nearly in order. If one is so old
// that no open finding could have lasted until then, somebody has set the clock back. Then
// all that is open ends: its times cannot be compared with those to come.
func (s *Stage) notice(now time.Time) error {
	if now.IsZero() {
		return nil
	}
	now = now.Round(0) // without the reading of the clock that nobody sets
	if s.newest.Sub(now) < quietFor {
		if now.After(s.newest) {
			s.newest = now
		}
		return nil
	}
	s.newest = now
	return s.endAll()
}

// endAll ends every finding that is open.
func (s *Stage) endAll() error {
	if err := s.letAllGo(); err != nil {
		return err
	}
	for s.byUse.Len() > 0 {
		first := s.byUse.Front()
		if err := s.say(first.Value.(*group), event.FindingEnds); err != nil {
			return err
		}
		s.forget(first)
	}
	s.scans = scans{}
	clear(s.sufferers)
	return nil
}
