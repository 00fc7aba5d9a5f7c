package probe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// functionMethods are the methods that reach a function rather than a
// tracepoint, as far as they are allowed.
func (l *loader) functionMethods() []event.Method {
	return slices.DeleteFunc(l.allowedMethods(), func(m event.Method) bool { return !byFunctionEntry(m) })
}

// allowedMethods are all, unless one is forced.
func (l *loader) allowedMethods() []event.Method {
	if l.options.Attach != "" {
		return []event.Method{l.options.Attach}
	}
	return slices.Clone(event.Methods)
}

// rejectsPresent: all functions of rejectHooks are there, none can come later.
func (s *Session) rejectsPresent() bool {
	for _, h := range rejectHooks {
		if !s.kernel.present[h.function] {
			return false
		}
	}
	return true
}

// attachRejectHooks watches what firewall rules answer.
func (s *Session) attachRejectHooks() {
	allowed := s.loader.functionMethods()
	for i, h := range rejectHooks {
		status := HookStatus{Hook: h.name, Function: h.function, Lacks: h.lacks}
		if !s.kernel.present[h.function] {
			status.Later = len(allowed) > 0 && moduleOf[i] != ""
			s.add(nil, status)
			continue
		}
		a := s.loader.attachFirst(h, allowed, &status)
		s.rejectVia[i] = status.Method
		s.add(a, status)
	}
}

// moduleOf names the modules of rejectHooks.
var moduleOf = [4]string{"nf_reject_ipv4", "nf_reject_ipv6", "nf_reject_ipv4", "nf_reject_ipv6"}

// moduleLoaded attaches what waited for a module.
func (s *Session) moduleLoaded(name string) {
	s.late.Lock()
	defer s.late.Unlock()
	for i, h := range rejectHooks {
		if moduleOf[i] != name || s.rejectVia[i] != "" {
			continue
		}
		status := s.status(h.function)
		if status == nil || !status.Later {
			continue
		}
		status.Later = false
		s.loader.rejectPacketArg = s.loader.findRejectPacket()
		if a := s.loader.attachFirst(h, s.loader.functionMethods(), status); a != nil {
			s.attached = append(s.attached, a)
			s.rejectVia[i] = status.Method
		}
	}
}

func (s *Session) status(function string) *HookStatus {
	for i := range s.statuses {
		if s.statuses[i].Function == function {
			return &s.statuses[i]
		}
	}
	return nil
}

// attachDropHook watches RSTs that never reach tcp_reset, and the functions
// that tell which socket they were held against.
func (s *Session) attachDropHook(object *ebpf.CollectionSpec) {
	if s.loader.options.NoDrops {
		s.add(nil, HookStatus{Hook: "drop", Function: "skb:kfree_skb", Lacks: "RSTs that end a handshake or a TIME_WAIT mini-socket (switched off)"})
		return
	}
	s.attachNotes(s.loader.functionMethods())
	if !s.dropsTell(s.has("note_request")) {
		return
	}
	status := HookStatus{Hook: "drop", Function: "skb:kfree_skb", Lacks: "RSTs that end a handshake or a TIME_WAIT mini-socket, and ignored ones"}
	a, refusal := s.loader.attachTracepoint(object, dropProgram)
	status.settle(refusal)
	s.add(a, status)
}

// dropsTell: without the socket or a note of it, a drop says too little to be
// worth its cost, unless ignored RSTs are asked for.
func (s *Session) dropsTell(noted bool) bool {
	return s.kernel.drop.hasSocket || noted || s.loader.options.Ignored
}

// has reports whether a program is attached, by the name that all methods share.
func (s *Session) has(program string) bool {
	for _, a := range s.attached {
		if strings.HasSuffix(a.name, program) {
			return true
		}
	}
	return false
}

// notes are the hooks that note sockets for the drop hook, as far as this kernel
// needs them.
func (s *Session) notes() []hook {
	notes := []hook{requestNote}
	if !s.kernel.drop.hasSocket {
		notes = append(notes, timeWaitNote)
		if s.loader.options.Ignored {
			notes = append(notes, validateNote, stateNote)
		}
	}
	return notes
}

func (s *Session) attachNotes(allowed []event.Method) {
	for _, h := range s.notes() {
		status := HookStatus{Hook: h.name, Function: h.function, Lacks: h.lacks}
		a := s.loader.attachFirst(h, allowed, &status)
		if a == nil && s.kernel.drop.hasSocket && !s.loader.options.Ignored {
			continue // the drop names the listener, and its counter tells the rest
		}
		s.add(a, status)
	}
}

// oldListenerIterators are the functions of watchOldListeners in Hooks.
var oldListenerIterators = [...]string{"iterator tcp", "file tables for listeners"}

// watchOldListeners makes listeners known that are older than this session, and
// the counters of their namespaces. See bpf/embryonic.h.
func (s *Session) watchOldListeners(object *ebpf.CollectionSpec) {
	held := heldListenersIterator
	if !s.kernel.loops {
		held = heldListenersByFileIterator
	}
	for _, i := range []struct{ program, function, whose string }{
		{listenersIterator, oldListenerIterators[0], "of the kernel"},
		{held, oldListenerIterators[1], "of a process"},
	} {
		status := HookStatus{
			Hook: "context", Function: i.function,
			Lacks: "what an incoming RST did to a request socket of an older listener " + i.whose,
		}
		status.settle(s.runIterator(object, i.program))
		s.add(nil, status)
	}
}

// listenersNoted reports whether every listener has left a note: those that come,
// and those that were there.
func (s *Session) listenersNoted() bool {
	for _, function := range oldListenerIterators {
		if status := s.status(function); status == nil || status.Method == "" {
			return false
		}
	}
	return s.has("context_state")
}

// runIterator runs a BPF iterator once, for what it does rather than prints.
func (s *Session) runIterator(object *ebpf.CollectionSpec, name string) *Refusal {
	iterator, refusal := openIterator(s.loader, object, name)
	if refusal != nil {
		return refusal
	}
	defer iterator.close()
	var err error
	if name == heldListenersIterator {
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
