package selftest

import (
	"sync"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// recorder keeps the events of one scenario's namespaces while they live. Both
// bounds matter: the kernel uses the numbers of namespaces again, and other
// programs make namespaces too.
type recorder struct {
	event.NopSink
	session *probe.Session
	settle  func() error // returns once every event of the past has been reported

	mutex     sync.Mutex
	opened    bool
	events    map[uint32][]event.Event
	followups []event.Followup
	late      map[uint64]string // errno that the kernel reported when the event had come already, by its id
}

func newRecorder(session *probe.Session) *recorder {
	return &recorder{session: session, events: make(map[uint32][]event.Event), late: make(map[uint64]string)}
}

// Event keeps an event.
func (r *recorder) Event(e *event.Event) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.opened {
		r.events[e.Netns.Inode] = append(r.events[e.Netns.Inode], *e)
	}
	return nil
}

// Followup keeps it, and the error that the kernel reported after its event had come.
func (r *recorder) Followup(f *event.Followup) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.opened {
		r.followups = append(r.followups, *f)
	}
	if f.Kind == event.GotError {
		r.late[f.Event] = f.Errno
	}
	return nil
}

// open starts to record, as soon as the namespaces exist and what was before
// has been reported.
func (r *recorder) open(namespaces []*lab.Namespace) error {
	if err := r.settle(); err != nil {
		return err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	clear(r.events)
	clear(r.late)
	r.followups = nil
	r.opened = true
	return r.session.WatchNetns(inodes(namespaces)...)
}

// close ends it when all has been reported, before the namespaces go.
func (r *recorder) close(namespaces []*lab.Namespace) error {
	if err := r.settle(); err != nil {
		return err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.opened = false
	return r.session.IgnoreNetns(inodes(namespaces)...)
}

// noNamespace is the number of events whose namespace is not known. They are
// watched too: of a scenario there is none.
const noNamespace = 0

func inodes(namespaces []*lab.Namespace) []uint32 {
	found := []uint32{noNamespace}
	for _, n := range namespaces {
		found = append(found, n.Inode())
	}
	return found
}

// of returns what was recorded in a namespace so far.
func (r *recorder) of(netns uint32) []event.Event {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for i := range r.events[netns] {
		e := &r.events[netns][i]
		if errno := r.late[e.ID]; errno != "" {
			e.Kernel.ReportedError.Errno = errno
			e.App.Reported = errno == e.App.Errno
		}
	}
	return r.events[netns]
}

// said returns the follow-ups that were recorded so far.
func (r *recorder) said() []event.Followup {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.followups
}
