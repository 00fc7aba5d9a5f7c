package tracing

import (
	"time"

	"github.com/rsttrace/rsttrace/internal/cgroup"
	"github.com/rsttrace/rsttrace/internal/netnsname"
	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// locations know where the owners of events run: cgroup, container, unit, pod and
// network namespace. Nil locations know nothing.
type locations struct {
	cgroups *cgroup.Resolver
	netns   *netnsname.Names
	now     time.Time   // of the batch: the clock is not asked for every event
	last    event.Netns // of the events of this batch
}

// openLocations takes whether the filter chooses events by the names of containers and pods.
func openLocations(byName bool) *locations {
	l := &locations{now: time.Now()}
	clock := func() time.Time { return l.now }
	l.cgroups = cgroup.Open(cgroup.Options{ByName: byName, Now: clock})
	l.netns = netnsname.New(netnsname.Options{Location: l.cgroups.Process, Now: clock})
	return l
}

// setClock sets the time of the batch.
func (l *locations) setClock(now time.Time) {
	if l != nil {
		l.now, l.last = now, event.Netns{}
	}
}

// warnings are what the person who runs the trace should know about names, each once.
func (l *locations) warnings() []error {
	if l == nil {
		return nil
	}
	return l.cgroups.SilentEngines()
}

// clock is the time of the batch.
func (l *locations) clock() time.Time {
	if l == nil {
		return time.Time{}
	}
	return l.now
}

// learn takes control groups that came.
func (l *locations) learn(came []probe.Cgroup) {
	if l == nil {
		return
	}
	for _, c := range came {
		l.cgroups.Learn(c.ID, c.Path)
	}
}

// prefetch takes a new event, which may have to wait for its owner.
func (l *locations) prefetch(e *event.Event) {
	if l != nil {
		l.cgroups.Note(e)
	}
}

// complete fills cgroup, container, unit and pod, and the name of the network
// namespace, as far as they are known at once.
func (l *locations) complete(e *event.Event) {
	if l != nil {
		l.cgroups.Complete(e)
		if e.Netns.Inode != l.last.Inode {
			l.last = event.Netns{Inode: e.Netns.Inode, Name: l.netns.Of(e.Netns.Inode)}
		}
		e.Netns.Name = l.last.Name
	}
}

// owner is an owner of whom only the cgroup of the socket is known, without
// Source.
func (l *locations) owner(cgroup uint64) event.Owner {
	if l == nil || cgroup == 0 {
		return event.Owner{}
	}
	var e event.Event
	e.Kernel.Cgroup = cgroup
	l.cgroups.Complete(&e)
	e.Owner.Source = ""
	return e.Owner
}

// namespace is a network namespace with its name, where it has one.
func (l *locations) namespace(inode uint32) event.Netns {
	if l == nil || inode == 0 {
		return event.Netns{Inode: inode}
	}
	return event.Netns{Inode: inode, Name: l.netns.Of(inode)}
}

func (l *locations) close() {
	if l != nil {
		l.cgroups.Close()
	}
}
