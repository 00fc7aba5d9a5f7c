package probe

import "slices"

func (s *Session) attachRejectHooks() {
	due := slices.DeleteFunc(slices.Clone(rejectHooks), func(id hookID) bool { return !s.due(id) })
	if len(due) == 0 {
		return
	}
	if s.attachedOnce {
		s.findModules() // that came while nobody watched
	}
	for _, id := range due {
		s.attachRejectHook(id)
	}
}

// findModules looks again for functions of modules.
func (s *Session) findModules() {
	found := findSymbols()
	s.loader.runOut(found.err)
	if found.err == nil {
		s.loader.find(found.functions)
	}
}

// attachRejectHook watches what firewall rules answer.
func (s *Session) attachRejectHook(id hookID) {
	allowed := s.loader.methodsOf(id)
	state := s.begin(id)
	if !s.loader.targets[id].present() {
		state.status.Later = len(allowed) > 0
		return
	}
	s.attachFirst(id, allowed)
}

// moduleLoaded attaches what waited for a module.
func (s *Session) moduleLoaded(name string) {
	s.attaching.Lock()
	defer s.attaching.Unlock()
	var waiting []hookID
	for id := range hookCount {
		if hooks[id].module == name && s.hooks[id].status.Later && !s.ended {
			waiting = append(waiting, id)
		}
	}
	if len(waiting) == 0 {
		return
	}
	s.findModules()
	for _, id := range waiting {
		s.hooks[id].status.Later = false
		s.attachFirst(id, s.loader.methodsOf(id))
	}
	s.loader.forget()
}
