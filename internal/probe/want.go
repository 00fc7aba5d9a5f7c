package probe

import (
	"errors"
	"slices"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Want changes which events the session is for, see Options.Wants: it attaches the
// hooks that these need, and then detaches those that they do not. Hooks that are
// needed before and after stay attached, and miss nothing. Selection and the other
// options stay as they are. It may be called beside Read. Other methods may wait for
// it meanwhile, as long as loading programs takes.
//
// It needs the capabilities of Open, except CAP_SYSLOG: addresses of functions were
// read then. Fentry in a module needs CAP_SYS_ADMIN.
func (s *Session) Want(wants func(cause.Verdict) bool) error {
	s.attaching.Lock()
	defer s.attaching.Unlock()
	if s.ended {
		return errors.New("the session has ended")
	}
	s.wants = wants
	err := explain(s.attachWanted())
	s.detachUnwanted()
	s.loader.forget()
	return errors.Join(err, s.loader.exhausted)
}

// attachWanted attaches what is needed and not attached yet, in the order of the
// table.
func (s *Session) attachWanted() error {
	defer s.listUnwanted()
	for id := stateHook; id <= heldListenersHook; id++ {
		if s.due(id) {
			s.attachContextHook(id)
		}
	}
	s.loader.listenersNoted = s.listenersNoted()
	if err := s.attachResetHooks(); err != nil {
		return err
	}
	s.attachRejectHooks()
	for id := requestNote; id <= stateNote; id++ {
		if s.due(id) {
			s.attachNote(id)
		}
	}
	if s.due(dropHook) {
		s.attachDropHook()
	}
	return nil
}

// due reports whether a hook is to be attached now. What was refused is not asked
// for again.
func (s *Session) due(id hookID) bool {
	state := &s.hooks[id]
	if state.listed && !state.status.Unwanted {
		return false
	}
	return s.used(id) && s.wanted(id)
}

func (s *Session) used(id hookID) bool {
	use := hooks[id].use
	return use == nil || use(s.loader)
}

// wanted reports whether a wanted event comes from a hook, or needs it.
func (s *Session) wanted(id hookID) bool {
	if s.wants == nil {
		return true
	}
	h := &hooks[id]
	for from := range hooks {
		if hookID(from) != id && h.serves == nil {
			continue
		}
		for v := range hooks[from].verdicts {
			if v.Dir == event.Ignored && !s.loader.options.Ignored || !s.wants(v) {
				continue
			}
			if hookID(from) == id || h.serves(s.loader, hookID(from), v) {
				return true
			}
		}
	}
	return false
}

// detachUnwanted detaches hooks in the order in which Detach does. The shared
// program stays while one of its hooks is wanted, and then serves all of them.
func (s *Session) detachUnwanted() {
	keepShared := slices.ContainsFunc(sendingHooks[:], func(id hookID) bool { return s.wanted(id) && s.servedByShared(id) })
	for id := hookCount - 1; id >= 0; id-- {
		state := &s.hooks[id]
		if !state.listed || state.status.Unwanted || s.wanted(id) || keepShared && s.servedByShared(id) {
			continue
		}
		if state.attached != nil {
			s.release(state.attached)
			state.attached = nil
		}
		if id == holdersHook && s.holders != nil {
			continue // it runs only when it is asked for
		}
		s.leaveOut(id)
	}
	if s.shared != nil && !keepShared {
		s.release(s.shared)
		s.shared = nil
	}
}

func (s *Session) servedByShared(id hookID) bool {
	state := &s.hooks[id]
	return s.shared != nil && state.attached == nil && state.reached() && slices.Contains(sendingHooks[:], id)
}

// listUnwanted notes which hooks were left out.
func (s *Session) listUnwanted() {
	for id := range hookCount {
		if !s.hooks[id].listed && s.used(id) && !s.wanted(id) {
			s.leaveOut(id)
		}
	}
}

func (s *Session) leaveOut(id hookID) {
	s.begin(id).status.Unwanted = true
}

// notCounted lists, for people, the events that are in no count because no wanted
// event needs their hooks.
func (s *Session) notCounted() []string {
	s.attaching.Lock()
	defer s.attaching.Unlock()
	var kinds []string
	for id := range hooks {
		if kind := hooks[id].counts; kind != "" && s.hooks[id].status.Unwanted && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	if s.loader.options.Ignored && s.hooks[dropHook].status.Unwanted {
		kinds = append(kinds, countsIgnored)
	}
	return kinds
}
