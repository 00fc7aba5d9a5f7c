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
	return func(v cause.Verdict) bool { return wantsVerdict(o.Filter)(v) }
}

// wantsVerdict reports whether a filter may want events with a verdict. One goroutine may
// ask what it returns.
func wantsVerdict(f *filter.Filter) func(cause.Verdict) bool {
	var e event.Event // of all questions: there are many each second, and an event has a kilobyte
	return func(v cause.Verdict) bool {
		e.Dir, e.Cause, e.Certainty = v.Dir, v.Cause, v.Certainty
		return f.Decide(&e, filter.KnowsVerdict) != filter.No
	}
}

// muteCauses tells the kernel which kinds of evidence mean a cause that is not
// wanted.
func (t *Tracer) muteCauses(now time.Time) error {
	if t.needs&filter.KnowsVerdict == 0 || now.Before(t.nextMute) {
		return nil
	}
	t.nextMute = now.Add(muteInterval)
	wants := wantsVerdict(t.filter)
	return t.source.Mute(func(e event.Evidence) bool { return !wants(cause.Classify(e)) })
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
