package tracer

import (
	"time"

	"github.com/rsttrace/rsttrace/internal/cgroup"
	"github.com/rsttrace/rsttrace/internal/netnsname"
	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// places tells where the owners of events run. A nil places knows nothing.
type places struct {
	cgroups *cgroup.Resolver
	netns   *netnsname.Names
	now     time.Time   // of the batch: the clock is not asked for every event
	last    event.Netns // of the events of this batch
}

// openPlaces is told whether events are chosen by the names of containers and pods.
func openPlaces(byName bool) *places {
	p := &places{now: time.Now()}
	clock := func() time.Time { return p.now }
	p.cgroups = cgroup.Open(cgroup.Options{ByName: byName, Now: clock})
	p.netns = netnsname.New(netnsname.Options{Place: p.cgroups.Process, Now: clock})
	return p
}

// at says how late it is.
func (p *places) at(now time.Time) {
	if p != nil {
		p.now, p.last = now, event.Netns{}
	}
}

// warnings are what the person who runs the trace should know about names, each once.
func (p *places) warnings() []error {
	if p == nil {
		return nil
	}
	return p.cgroups.Silent()
}

// clock is the time of the batch.
func (p *places) clock() time.Time {
	if p == nil {
		return time.Time{}
	}
	return p.now
}

// learn takes control groups that came.
func (p *places) learn(came []probe.Cgroup) {
	if p == nil {
		return
	}
	for _, c := range came {
		p.cgroups.Learn(c.ID, c.Path)
	}
}

// note takes a new event, which may have to wait for its owner.
func (p *places) note(e *event.Event) {
	if p != nil {
		p.cgroups.Note(e)
	}
}

// complete fills cgroup, container, unit and pod, and the name of the network
// namespace, as far as they are known at once.
func (p *places) complete(e *event.Event) {
	if p != nil {
		p.cgroups.Complete(e)
		if e.Netns.Inode != p.last.Inode {
			p.last = event.Netns{Inode: e.Netns.Inode, Name: p.netns.Of(e.Netns.Inode)}
		}
		e.Netns.Name = p.last.Name
	}
}

// owner is an owner of whom only the cgroup of the socket is known, without
// Source.
func (p *places) owner(cgroup uint64) event.Owner {
	if p == nil || cgroup == 0 {
		return event.Owner{}
	}
	var e event.Event
	e.Kernel.Cgroup = cgroup
	p.cgroups.Complete(&e)
	e.Owner.Source = ""
	return e.Owner
}

// namespace is a network namespace with its name, where it has one.
func (p *places) namespace(inode uint32) event.Netns {
	if p == nil || inode == 0 {
		return event.Netns{Inode: inode}
	}
	return event.Netns{Inode: inode, Name: p.netns.Of(inode)}
}

func (p *places) close() {
	if p != nil {
		p.cgroups.Close()
	}
}
