package probe

import (
	"cmp"
	"reflect"
	"runtime"
	"slices"
	"sync"

	"github.com/cilium/ebpf"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// ahead has programs loaded before their turn, as many at once as there are
// processors. Most of the time until all is attached is the verifier's, which
// makes nobody wait who has CAP_BPF (bpf_check in kernel/bpf/verifier.c). A
// program is used only if it is what its turn would have loaded, so hooks are
// attached in the same order and with the same outcome as without.
type ahead struct {
	loads   map[string]*loading // by the name of the program
	queue   chan *loading
	workers sync.WaitGroup
}

// candidate is a program that will probably have its turn.
type candidate struct {
	object *ebpf.CollectionSpec
	name   string
	method event.Method
}

// loading is a candidate that is being loaded, or will be.
type loading struct {
	candidate
	constants map[string]any
	done      chan struct{}
	program   *ebpf.Program
	err       error
}

// loadAhead begins to load candidates, the largest first. None may be for the
// function of a module, and nobody may look at a module's types meanwhile: they
// refer to types of the kernel proper, and btf.Cache resolves them without the
// lock on those (cilium/ebpf 0.22, inflateType).
func (l *loader) loadAhead(candidates []candidate) {
	slices.SortStableFunc(candidates, func(a, b candidate) int {
		return -cmp.Compare(len(a.object.Programs[a.name].Instructions), len(b.object.Programs[b.name].Instructions))
	})
	a := &l.ahead
	a.loads, a.queue = make(map[string]*loading), make(chan *loading, len(candidates))
	for _, c := range candidates {
		if a.loads[c.name] == nil {
			next := &loading{candidate: c, constants: l.constants(c.method), done: make(chan struct{})}
			a.loads[c.name] = next
			a.queue <- next
		}
	}
	close(a.queue)
	for range loadWorkers() {
		a.workers.Go(func() {
			for next := range a.queue {
				next.program, next.err = l.create(next.object, next.name, next.constants)
				close(next.done)
			}
		})
	}
}

// loadWorkers is how many programs are loaded at once: with more the largest one
// decides how long it takes, and each costs open files.
func loadWorkers() int { return min(runtime.GOMAXPROCS(0), 8) }

// take waits for a program that was loaded with these constants. It returns nil
// where there is none, once no other is being loaded: what is loaded then may
// need the types of modules.
func (a *ahead) take(name string, constants map[string]any) *loading {
	l := a.loads[name]
	if l == nil || !reflect.DeepEqual(l.constants, constants) {
		a.workers.Wait()
		return nil
	}
	<-l.done
	delete(a.loads, name)
	return l
}

// close ends the loading and frees what nobody took.
func (a *ahead) close() {
	for range a.queue {
	}
	a.workers.Wait()
	for _, unused := range a.loads {
		unused.program.Close()
	}
	a.loads = nil
}
