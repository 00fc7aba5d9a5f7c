package tracer

import (
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
	"github.com/rsttrace/rsttrace/pkg/probe"
)

// selectDetails gives the kernel as much of the filter as it can do, so that
// what is not wanted costs next to nothing. The filter still runs: the kernel
// knows few owners, and learns of causes and control groups only as they occur.
func selectDetails(s *probe.Selection, f filter.Options) {
	s.Dirs = f.Dirs
	s.Hosts = f.Hosts
	s.PIDs = f.PIDs
	wanted := filter.New(f)
	if comms, ok := wanted.Comms(); ok {
		s.Comms = comms
	}
	s.Cgroups = wanted.NeedsPlace()
	if s.Netns == nil && len(f.Netns) > 0 {
		s.Netns = f.Netns
	}
	for _, r := range f.Ports {
		s.Ports = append(s.Ports, probe.PortRange{First: r.First, Last: r.Last})
	}
}

// muteInterval is how often new kinds of evidence are looked at.
const muteInterval = 100 * time.Millisecond

// muteCauses tells the kernel which kinds of evidence mean a cause that is not
// wanted.
func (t *Tracer) muteCauses(now time.Time) error {
	if len(t.causes) == 0 || now.Before(t.nextMute) {
		return nil
	}
	t.nextMute = now.Add(muteInterval)
	return t.source.Mute(func(e event.Evidence) bool {
		return !slices.Contains(t.causes, cause.Classify(e).Cause)
	})
}

// namesHold is how long a control group stays hidden because of a name: that may
// change.
const namesHold = time.Second

// elsewhere decides an event by the control group of its socket, if that is enough,
// and tells the kernel which ones are not wanted.
func (t *Tracer) elsewhere(e *event.Event) (bool, error) {
	if t.places == nil || !t.filter.NeedsPlace() {
		return false, nil
	}
	owner, named, settled := t.places.cgroups.Settled(e)
	if !settled || t.filter.MatchPlace(&owner) || t.awaitsName(e, e.Time) {
		return false, nil
	}
	var while time.Duration
	if named && t.filter.NeedsNames() {
		while = namesHold
	}
	return true, t.source.HideCgroup(e.Kernel.Cgroup, while)
}

const (
	// namePatience is how long an event waits for the name of its container or
	// pod, where events are chosen by them: a little longer than an engine has time
	// to answer. Reading goes on meanwhile.
	namePatience = 2500 * time.Millisecond
	// lastNamePatience is the same once the context has ended.
	lastNamePatience = 200 * time.Millisecond
)

// awaitsName reports whether the name that decides on e is about to come.
func (t *Tracer) awaitsName(e *event.Event, now time.Time) bool {
	patience := namePatience
	if t.ending {
		patience = lastNamePatience
	}
	if t.places == nil || !t.filter.NeedsNames() || now.Sub(e.Time) >= patience {
		return false
	}
	owner, pending := t.places.cgroups.Pending(e)
	return pending && !t.filter.MatchPlace(&owner)
}

// refuses reports whether the filter hides e, of whose owner nothing more will
// become known.
func (t *Tracer) refuses(e *event.Event) bool {
	if !t.filter.MatchOwner(e) {
		return true
	}
	if !t.filter.NeedsPlace() {
		return false
	}
	t.places.complete(e)
	return !t.filter.MatchPlace(&e.Owner)
}
