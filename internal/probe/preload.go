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

// preload has programs loaded before their turn, as many at once as there are
// processors. Most of the time until all is attached is the verifier's, which
// makes nobody wait who has CAP_BPF (bpf_check in kernel/bpf/verifier.c). A
// program is used only if it is what its turn would have loaded, so hooks are
// attached in the same order and with the same outcome as without.
type preload struct {
	loads   map[string]*loading // by the name of the program
	queue   chan *loading
	workers sync.WaitGroup
}

// candidate is a program that will probably have its turn.
type candidate struct {
	hook     hookID
	program  program
	method   event.Method
	function string
}

// loading is a candidate that is being loaded, or will be.
type loading struct {
	candidate
	object    *ebpf.CollectionSpec
	constants map[string]any
	done      chan struct{}
	loaded    *ebpf.Program
	err       error
}

// size is that of the program, in instructions.
func (l *loading) size() int { return len(l.object.Programs[l.program.name].Instructions) }

// begin begins to load candidates, the largest first. None may be for the
// function of a module, and nobody may look at a module's types meanwhile: they
// refer to types of the kernel proper, and btf.Cache resolves them without the
// lock on those (cilium/ebpf 0.22, inflateType).
func (p *preload) begin(l *loader, candidates []candidate) {
	var loads []*loading
	p.loads = make(map[string]*loading)
	for _, c := range candidates {
		object, err := l.object(c.program.object)
		if err != nil || p.loads[c.program.name] != nil {
			continue
		}
		next := &loading{
			candidate: c, object: object, constants: l.constants(c.hook, c.method), done: make(chan struct{}),
		}
		p.loads[c.program.name] = next
		loads = append(loads, next)
	}
	slices.SortStableFunc(loads, func(a, b *loading) int { return -cmp.Compare(a.size(), b.size()) })
	p.queue = make(chan *loading, len(loads))
	for _, next := range loads {
		p.queue <- next
	}
	close(p.queue)
	for range loadWorkers() {
		p.workers.Go(func() {
			for next := range p.queue {
				next.loaded, next.err = l.create(next.object, &next.candidate, next.constants)
				close(next.done)
			}
		})
	}
}

// loadWorkers is how many programs are loaded at once: with more the largest one
// decides how long it takes, and each costs open files.
func loadWorkers() int { return min(runtime.GOMAXPROCS(0), 8) }

// take waits for a program that was loaded for this function with these constants.
// It returns nil where there is none, once no other is being loaded: what is loaded
// then may need the types of modules.
func (p *preload) take(c *candidate, constants map[string]any) *loading {
	l := p.loads[c.program.name]
	if l == nil || l.function != c.function || !reflect.DeepEqual(l.constants, constants) {
		p.workers.Wait()
		return nil
	}
	<-l.done
	delete(p.loads, c.program.name)
	return l
}

// close ends the loading and frees what nobody took.
func (p *preload) close() {
	for range p.queue {
	}
	p.workers.Wait()
	for _, unused := range p.loads {
		unused.loaded.Close()
	}
	p.loads = nil
}
