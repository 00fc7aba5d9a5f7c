package lab

import (
	"slices"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// incidentScenarios are about findings: each provokes one pattern, or is nearly one.
// What happens on the wire is that of other scenarios, so one family is enough.
func incidentScenarios() []Scenario {
	return slices.Concat(
		idleIncidents(),
		closeIncidents(),
		clientIncidents(),
		portIncidents(),
		scanIncidents(),
		pathIncidents(),
		pausedIncidents(),
	)
}

// must is a finding that has to be made.
func must(id event.PatternID, accuses string) []Diagnosis {
	return []Diagnosis{{Pattern: id, Accuses: accuses, Must: true}}
}

// timed is a finding that has to be made, except on a machine that is too slow for it.
func timed(id event.PatternID, accuses string, instead Diagnosis) []Diagnosis {
	return []Diagnosis{{Pattern: id, Accuses: accuses, Must: true, Timed: true}, instead}
}

// harmless is a finding that has to be made and hurts nobody.
func harmless(id event.PatternID) []Diagnosis {
	return []Diagnosis{{Pattern: id, Accuses: Nobody, Harmless: true, Must: true}}
}

// incident is a scenario over IPv4.
func incident(name, title, story string, path Path, causes []event.CauseID, findings []Diagnosis, run func(*Env)) Scenario {
	return Scenario{
		Name: "incident-" + name, Title: title, Story: story, Causes: causes, Findings: findings,
		Families: oneFamily, Path: path, Run: run,
	}
}
