package cgroup

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	namesMax     = 4096
	namesWaiting = 64 // more questions at once are asked again at the next event
	// nameFor is how long a name, or that there is none, is believed. An old
	// name is shown while it is asked for again.
	nameFor = time.Minute
	// nameTimeout bounds one question to a container runtime.
	nameTimeout = 2 * time.Second
	// askAgain is how soon the question is put again to who gave no answer.
	askAgain = time.Second
)

// naming is what a runtime or the kubelet calls a container.
type naming struct {
	runtime   string // where it was not known
	container string
	pod       string // "namespace/name"
}

// namer answers what a place is called: with nothing where it does not know it.
type namer interface {
	name(ctx context.Context, place Place) (naming, error)
}

// names asks for names in the background.
type names struct {
	namers   []namer
	known    *lru.Cache[string, answer]
	waiting  chan Place
	start    sync.Once
	cancel   context.CancelFunc
	ended    sync.WaitGroup
	failures atomic.Uint64
	await    bool // the first answer
}

type answer struct {
	naming
	asked time.Time
}

func newNames(namers ...namer) *names {
	known, err := lru.New[string, answer](namesMax)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &names{namers: namers, known: known, waiting: make(chan Place, namesWaiting), cancel: func() {}}
}

// fill adds the names that are known to place, and asks for the others. It does
// not wait, unless it is to await the first answer.
func (n *names) fill(place *Place, now time.Time) {
	key := place.key()
	if key == "" || len(n.namers) == 0 {
		return
	}
	got, known := n.known.Get(key)
	if !known || now.Sub(got.asked) >= nameFor {
		// The mark comes first: the answer, which may be quick, replaces it.
		n.known.Add(key, answer{naming: got.naming, asked: now})
		if n.await && !known {
			if !n.ask(context.Background(), *place) {
				n.known.Add(key, answer{asked: now.Add(askAgain - nameFor)})
			}
			got, _ = n.known.Get(key)
			got.apply(place)
			return
		}
		n.start.Do(n.run)
		select {
		case n.waiting <- *place:
		default: // ask again at the next event
			n.known.Add(key, got)
		}
	}
	got.apply(place)
}

// key identifies what can have a name.
func (p *Place) key() string {
	switch {
	case p.Container.ID != "":
		return p.Container.ID
	case p.PodUID != "":
		return p.PodUID
	}
	return ""
}

func (n naming) apply(p *Place) {
	if n.container != "" {
		p.Container.Name = n.container
	}
	if n.runtime != "" {
		p.Container.Runtime = n.runtime
	}
	if n.pod != "" {
		p.Pod = n.pod
	}
}

func (n *names) run() {
	ctx, cancel := context.WithCancel(context.Background())
	n.cancel = cancel
	n.ended.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case place := <-n.waiting:
				n.ask(ctx, place)
			}
		}
	})
}

// ask takes the first answer. It returns false where there is none, and somebody
// failed to give it.
func (n *names) ask(ctx context.Context, place Place) bool {
	all := true
	for _, namer := range n.namers {
		limited, cancel := context.WithTimeout(ctx, nameTimeout)
		got, err := namer.name(limited, place)
		cancel()
		if err != nil {
			n.failures.Add(1)
			all = false
			continue
		}
		if got != (naming{}) {
			n.known.Add(place.key(), answer{naming: got, asked: time.Now()})
			return true
		}
	}
	return all
}

func (n *names) close() {
	n.start.Do(func() {}) // from now on nothing starts
	n.cancel()
	n.ended.Wait()
}
