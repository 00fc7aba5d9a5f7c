package probe

import (
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// attachContextHook attaches a hook that leaves notes, or runs an iterator.
func (s *Session) attachContextHook(id hookID) {
	state := s.begin(id)
	switch id {
	case holdersHook:
		s.openHolderSearch(state)
	case listenersHook, heldListenersHook:
		p := s.loader.programOf(id)
		state.settle(s.runIterator(id, p))
	default:
		s.attachFirst(id, s.loader.methodsOf(id))
	}
}

// programOf is the program of a hook that only a tracepoint or an iterator reaches.
func (l *loader) programOf(id hookID) program {
	p := hooks[id].programs[event.Tracepoint]
	if name := hooks[id].byFile; name != "" && !l.kernel.loops {
		p.name = name
	}
	return p
}

// listenersNoted reports whether every listener has left a note: those that come,
// and those that were there.
func (s *Session) listenersNoted() bool {
	for _, id := range []hookID{stateHook, listenersHook, heldListenersHook} {
		if !s.hooks[id].reached() {
			return false
		}
	}
	return true
}

// runIterator runs a BPF iterator once, for what it does rather than prints.
func (s *Session) runIterator(id hookID, p program) *Refusal {
	iterator, refusal := openIterator(s.loader, id, p)
	if refusal != nil {
		return refusal
	}
	defer iterator.close()
	var err error
	if id == heldListenersHook && s.kernel.loops {
		err = inspectTables(iterator, s.maps["searches"])
	} else {
		_, err = iterator.walk()
	}
	if err != nil {
		return s.loader.refuse(Refusal{event.Tracepoint, "attach", fmt.Errorf("run: %w", err)})
	}
	return nil
}

// inspectTables runs an iterator that looks at all files.
func inspectTables(i *iterator, searches *ebpf.Map) error {
	memory, err := searches.Memory()
	if err != nil {
		return err
	}
	_, err = walkTables(i, memory, searchHead{}, slotsOfInspect)
	return err
}
