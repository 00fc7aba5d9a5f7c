package lab

import (
	"slices"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Diagnosis is a finding that is right of a scenario, and who is at fault by it. A
// scenario with several gets at least one of them. One without any may get no finding
// that accuses somebody.
type Diagnosis struct {
	Pattern event.PatternID // "": no pattern fits
	// Or are right, too: a slow machine stretches times, and some kernels show less.
	Or []event.PatternID
	// Accuses is the name of the actor that is at fault, or Nobody, Outside or ThisHost.
	Accuses  string
	Says     []string        // must be in its summary or its advice
	After    event.PatternID // of the finding that led to it; "": need not be known
	Harmless bool
	Likely   bool // it may not be said to be certain
	// Must says that it comes to this wherever the kernel shows all events.
	Must bool
	// Timed says that a machine must be quick for it: else another one of the list will do.
	Timed bool
	// Slow says that it is right only on a machine that is too slow for another one of the
	// list.
	Slow bool
	// Hidden says that it is right only where the kernel hides an event of the incident: who
	// sent a RST is not known there.
	Hidden bool
}

// Who may be at fault beside an actor.
const (
	Nobody   = ""
	Outside  = "outside" // the peer, or what is between: nothing on this host
	ThisHost = "host"    // its settings, its rules, or what it has forgotten
)

// Allows reports whether a finding with this pattern is right.
func (d *Diagnosis) Allows(id event.PatternID) bool {
	return d.Pattern == id || slices.Contains(d.Or, id)
}
