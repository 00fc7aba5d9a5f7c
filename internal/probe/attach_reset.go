package probe

import (
	"slices"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// sendingHooks share a tracepoint.
var sendingHooks = [...]hookID{activeHook, reply4Hook, reply6Hook}

func (s *Session) attachResetHooks() error {
	allowed := s.loader.allowedMethods()
	var unserved []hookID
	for _, id := range resetHooks {
		if !s.due(id) {
			continue
		}
		state := s.begin(id)
		s.attachFirst(id, allowed)
		if !state.reached() && hooks[id].programs[event.Tracepoint].name == sharedProgram && slices.Contains(allowed, event.Tracepoint) {
			unserved = append(unserved, id)
		}
	}
	if len(unserved) > 0 {
		s.attachShared(unserved)
	}
	s.loader.repliesSeeResets = byFunctionEntry(s.hooks[reply4Hook].status.Method) && byFunctionEntry(s.hooks[reply6Hook].status.Method)
	return s.checkReached(allowed)
}

// attachShared attaches the tracepoint for hooks that no function entry serves. It
// serves those as well that are not wanted yet: which ones is settled when it is
// loaded.
func (s *Session) attachShared(unserved []hookID) {
	if s.shared != nil {
		return // it serves all that it could
	}
	l := s.loader
	served := slices.Clone(unserved)
	for i, id := range sendingHooks {
		if !s.hooks[id].reached() && !slices.Contains(served, id) {
			served = append(served, id)
		}
		l.serves[i] = slices.Contains(served, id)
	}
	for _, id := range served {
		s.reachBy(id, event.Tracepoint)
	}
	a, refusal := s.attach(unserved[0], hooks[unserved[0]].programs[event.Tracepoint], event.Tracepoint)
	s.shared = a
	for _, id := range served {
		if !s.hooks[id].listed || s.hooks[id].status.Unwanted {
			s.begin(id)
		}
		s.hooks[id].settle(refusal)
	}
}

// checkReached fails if none of the reset hooks that are wanted could be attached.
func (s *Session) checkReached(allowed []event.Method) error {
	var missing []HookStatus
	for _, id := range resetHooks {
		if s.hooks[id].reached() {
			return nil
		}
		if s.wanted(id) {
			missing = append(missing, s.hooks[id].status)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return nothingAttached(missing, allowed)
}
