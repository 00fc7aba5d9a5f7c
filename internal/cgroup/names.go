package cgroup

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	namesMax     = 4096
	namesWaiting = 1024 // more questions at once are asked again at the next event
	namesWorkers = 4    // ask at the same time
	// nameFor is how long a name, or that there is none, is believed. An old
	// name is shown while it is asked for again.
	nameFor = time.Minute
	// askAgain is how soon the question is put again to who gave no answer, where
	// events are chosen by names.
	askAgain = time.Second
	// nameBytes is the longest name that is kept, as for files.
	nameBytes = 255
	// closePatience is how long the end waits for questions that were begun: who
	// reads a directory cannot be interrupted.
	closePatience = time.Second
)

// containerNames is what a runtime or the kubelet calls a container.
type containerNames struct {
	runtime   string // where it was not known
	container string
	pod       string // "namespace/name"
	workload  string // "namespace/name", where it is certain
}

// nameSource answers what a location is called: with nothing if it does not know it.
type nameSource interface {
	// knows reports whether the location can be one of its own, and lacks what it may know.
	knows(location Location) bool
	// down reports whether it gave no answer last time.
	down() bool
	name(ctx context.Context, location Location) (containerNames, error)
}

// names asks for names in the background.
type names struct {
	sources      []nameSource
	known        *lru.Cache[string, answer]
	waiting      chan question
	start        sync.Once
	cancel       context.CancelFunc
	ended        sync.WaitGroup
	failures     atomic.Uint64
	filterByName bool // events are chosen by names: who failed is asked again soon
}

// question asks for the names of a location.
type question struct {
	Location
	at time.Time
}

type answer struct {
	containerNames
	asked time.Time
	given bool // or it is known that none will come soon
}

func newNames(sources ...nameSource) *names {
	known, err := lru.New[string, answer](namesMax)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &names{sources: sources, known: known, waiting: make(chan question, namesWaiting), cancel: func() {}}
}

// fill adds the names that are known to location, and asks for the others. It does
// not wait.
func (n *names) fill(location *Location, now time.Time) {
	key := location.key()
	if key == "" || len(n.sources) == 0 {
		return
	}
	got, known := n.known.Get(key)
	if !known || now.Sub(got.asked) >= nameFor {
		n.start.Do(n.run)
		// The mark comes first: the answer, which may be quick, replaces it.
		n.known.Add(key, answer{containerNames: got.containerNames, asked: now, given: got.given})
		select {
		case n.waiting <- question{*location, now}:
		default: // ask again at the next event
			n.known.Add(key, got)
		}
	}
	got.apply(location)
}

// pending reports whether the first answer about a location is about to come.
func (n *names) pending(location *Location) bool {
	key := location.key()
	if key == "" || len(n.sources) == 0 {
		return false
	}
	got, known := n.known.Get(key)
	return !known || !got.given
}

// key identifies what can have a name.
func (p *Location) key() string {
	switch {
	case p.Container.ID != "":
		return p.Container.ID
	case p.PodUID != "":
		return p.PodUID
	}
	return ""
}

func (n containerNames) apply(p *Location) {
	if n.container != "" {
		p.Container.Name = n.container
	}
	if n.runtime != "" {
		p.Container.Runtime = n.runtime
	}
	if n.pod != "" {
		p.Pod = n.pod
	}
	if n.workload != "" {
		p.Workload = n.workload
	}
}

// or takes what is not known from others.
func (n containerNames) or(others containerNames) containerNames {
	return containerNames{
		runtime:   cmp.Or(n.runtime, others.runtime),
		container: cmp.Or(n.container, others.container),
		pod:       cmp.Or(n.pod, others.pod),
		workload:  cmp.Or(n.workload, others.workload),
	}
}

func (n *names) run() {
	ctx, cancel := context.WithCancel(context.Background())
	n.cancel = cancel
	for range namesWorkers {
		n.ended.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case q := <-n.waiting:
					n.ask(ctx, q)
				}
			}
		})
	}
}

// ask takes what the sources know, from the first one on. It returns false if a name is
// missing, and somebody failed to give it.
func (n *names) ask(ctx context.Context, q question) bool {
	all := true
	var got containerNames
	location := q.Location
	for _, source := range n.sources {
		if !source.knows(location) {
			continue
		}
		if location.named() || source.down() {
			n.settle(q, got, q.at) // nobody is to wait for more, or while it is tried again
		}
		more, err := source.name(ctx, location)
		if err != nil {
			n.failures.Add(1)
			all = false
			continue
		}
		got = got.or(more)
		if location.static() {
			got.workload = got.pod // it has no replicas: its name ends with that of the node
		}
		got.apply(&location)
	}
	answered := all || location.named()
	asked := q.at
	if !answered && n.filterByName {
		asked = q.at.Add(askAgain - nameFor)
	}
	n.settle(q, got, asked)
	return answered
}

// settle keeps the answer to a question. What is known outlives an answer without it.
func (n *names) settle(q question, got containerNames, asked time.Time) {
	key := q.key()
	old, _ := n.known.Peek(key)
	n.known.Add(key, answer{containerNames: got.or(old.containerNames), asked: asked, given: true})
}

func (n *names) close() {
	n.start.Do(func() {}) // from now on nothing starts
	n.cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.ended.Wait()
	}()
	select {
	case <-done:
	case <-time.After(closePatience):
	}
}

// bounded cuts a name that somebody else chose.
func bounded(name string) string {
	if len(name) <= nameBytes {
		return name
	}
	return strings.ToValidUTF8(name[:nameBytes], "")
}
