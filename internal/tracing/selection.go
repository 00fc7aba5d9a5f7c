package tracing

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// muteInterval is how often new kinds of evidence are looked at.
const muteInterval = 100 * time.Millisecond

// wants says which verdicts the kernel side must be able to give; nil: all. What
// counts the whole host needs every hook, and so does the audit: its equations have
// all that TCP sends and obeys.
func (o *Options) wants() func(cause.Verdict) bool {
	if o.Summary || o.Top > 0 || o.audits() || o.Filter.Reads()&filter.KnowsVerdict == 0 {
		return nil
	}
	return func(v cause.Verdict) bool { return verdictDecides(o.Filter, v) != filter.No }
}

func verdictDecides(f *filter.Filter, v cause.Verdict) filter.Answer {
	return f.Decide(&event.Event{Dir: v.Dir, Cause: v.Cause, Certainty: v.Certainty}, filter.KnowsVerdict)
}

// muteCauses tells the kernel which kinds of evidence mean a cause that is not
// wanted.
func (t *Tracer) muteCauses(now time.Time) error {
	if t.needs&filter.KnowsVerdict == 0 || now.Before(t.nextMute) {
		return nil
	}
	t.nextMute = now.Add(muteInterval)
	return t.source.Mute(func(e event.Evidence) bool {
		return verdictDecides(t.filter, cause.Classify(e)) == filter.No
	})
}

// namesHold is how long a control group stays hidden because of a name: that may
// change.
const namesHold = 5 * time.Second

// rejectByCgroup decides an event by the control group of its socket, if that is enough,
// and tells the kernel which ones are not wanted.
func (t *Tracer) rejectByCgroup(e *event.Event) (bool, error) {
	if t.locations == nil || t.needs&filter.KnowsLocation == 0 {
		return false, nil
	}
	owner, named, settled := t.locations.cgroups.Settled(e)
	if !settled || t.decideByLocation(&owner) != filter.No || t.awaitsName(e, e.Time) {
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
	if t.draining {
		patience = lastNamePatience
	}
	if t.locations == nil || !t.filter.NeedsNames() || now.Sub(e.Time).Abs() >= patience {
		return false
	}
	owner, pending := t.locations.cgroups.Pending(e)
	return pending && (t.filter.ExcludesNames() || t.decideByLocation(&owner) != filter.Yes)
}

// decideByLocation says what the location of an owner alone decides.
func (t *Tracer) decideByLocation(owner *event.Owner) filter.Answer {
	t.scratch.Owner = *owner
	return t.filter.Decide(&t.scratch, filter.KnowsLocation)
}

// filteredOut reports whether the filter hides e, of whose owner nothing more will
// become known.
func (t *Tracer) filteredOut(e *event.Event) bool {
	const now = filter.KnowsVerdict | filter.KnowsRecord | filter.KnowsOwner
	if t.filter.Decide(e, now) == filter.No {
		return true
	}
	if t.needs&filter.KnowsLocation == 0 {
		return false
	}
	t.locations.complete(e)
	return t.filter.Decide(e, now|filter.KnowsLocation) == filter.No
}
