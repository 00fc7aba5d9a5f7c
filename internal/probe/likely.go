package probe

import "github.com/rsttrace/rsttrace/pkg/event"

// likelyMethod is the best method that nothing speaks against yet.
func (l *loader) likelyMethod(h hook, allowed []event.Method) event.Method {
	for _, method := range allowed {
		if h.programs[method] != "" && l.forbidden[method] == nil && offered(method) == nil {
			return method
		}
	}
	return ""
}

// expect sets what is told to programs of other hooks to how these will
// probably be attached.
func (s *Session) expect(allowed []event.Method) {
	var likely [resetHookCount]event.Method
	for i, h := range resetHooks {
		likely[i] = s.loader.likelyMethod(h, allowed)
	}
	for i := range s.loader.serves {
		s.loader.serves[i] = likely[i] == event.Tracepoint
	}
	s.loader.repliesSeeResets = byFunctionEntry(likely[atReply4]) && byFunctionEntry(likely[atReply6])
	s.loader.followErrors = s.needs(errorProgram)
	s.loader.listenersNoted = true
}

// likelyPrograms are those that will be attached if all goes as expected.
func (s *Session) likelyPrograms(allowed []event.Method) []candidate {
	l := s.loader
	var found []candidate
	for _, h := range contextHooks {
		if s.needs(h.program) {
			found = append(found, candidate{l.context, h.program, event.Tracepoint})
		}
	}
	iterators := []string{listenersIterator, holdersIterator, heldListenersIterator}
	if !s.kernel.loops {
		iterators = []string{listenersIterator, holdersByFileIterator, heldListenersByFileIterator}
	}
	for _, iterator := range iterators {
		found = append(found, candidate{l.context, iterator, event.Tracepoint})
	}
	for _, h := range resetHooks {
		found = l.addLikely(found, h, allowed)
	}
	functions := l.functionMethods()
	for _, h := range rejectHooks {
		if s.kernel.present[h.function] {
			found = l.addLikely(found, h, functions)
		}
	}
	if l.options.NoDrops {
		return found
	}
	for _, h := range s.notes() {
		found = l.addLikely(found, h, functions)
	}
	if s.dropsTell(l.likelyMethod(requestNote, functions) != "") {
		found = append(found, candidate{l.drops, dropProgram, event.Tracepoint})
	}
	return found
}

func (l *loader) addLikely(to []candidate, h hook, allowed []event.Method) []candidate {
	method := l.likelyMethod(h, allowed)
	if method == "" || method == event.Fentry && !l.builtIn(h.function) {
		return to // see loadAhead
	}
	object, err := l.object(method)
	if err != nil {
		return to
	}
	return append(to, candidate{object, h.programs[method], method})
}

// builtIn reports whether a function is in the BTF of the kernel proper.
func (l *loader) builtIn(function string) bool {
	spec, err := l.btf.Kernel()
	return err == nil && len(parameters(spec, function)) > 0
}
