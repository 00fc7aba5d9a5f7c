package probe

import "github.com/rsttrace/rsttrace/pkg/event"

// likelyMethod is the best method that nothing speaks against yet.
func (l *loader) likelyMethod(id hookID) event.Method {
	for _, method := range l.methodsOf(id) {
		if l.forbidden[method] == nil && methods[method].offered() == nil {
			return method
		}
	}
	return ""
}

// expect sets what is told to programs of other hooks to how these will
// probably be attached.
func (s *Session) expect() {
	l := s.loader
	for i, id := range sendingHooks {
		l.serves[i] = l.likelyMethod(id) == event.Tracepoint
	}
	l.repliesSeeResets = s.likelyByEntry(reply4Hook) && s.likelyByEntry(reply6Hook)
	l.followErrors = l.mayFollowErrors()
	l.getsResets = l.targets[receiveHook].arguments["packet_arg"] != 0 && byFunctionEntry(l.likelyMethod(receiveHook))
	l.listenersNoted = s.wanted(stateHook)
}

func (s *Session) likelyByEntry(id hookID) bool {
	return s.wanted(id) && byFunctionEntry(s.loader.likelyMethod(id))
}

// likelyPrograms are those that will be attached if all goes as expected.
func (s *Session) likelyPrograms() []candidate {
	l := s.loader
	var found []candidate
	for id := range hookCount {
		if !s.due(id) || hooks[id].module != "" && !l.targets[id].present() {
			continue
		}
		if id == dropHook && (l.options.NoDrops || !l.dropsTell(l.likelyMethod(requestNote) != "")) {
			continue
		}
		method := l.likelyMethod(id)
		if method == "" || method == event.Fentry && (l.targets[id].typed == "" || l.targets[id].inModule) {
			continue // see preload
		}
		p := hooks[id].programs[method]
		if len(hooks[id].programs) == 1 {
			p = l.programOf(id)
		}
		function, err := methods[method].function(&hooks[id], &l.targets[id])
		if err == nil {
			found = append(found, candidate{id, p, method, function})
		}
	}
	return found
}
