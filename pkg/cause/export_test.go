package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// For tests that need package owner, which imports this one.
var (
	Enumerate    = enumerate
	ReasonSilent = reasonSilent
	SS           = ss
)

// Story is an event that somebody could see.
type Story struct {
	Name  string
	Event *event.Event
}

func Stories() (all []Story) {
	for _, s := range stories() {
		all = append(all, Story{s.name, s.e})
	}
	return all
}
