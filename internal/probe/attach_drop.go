package probe

// attachNote attaches a hook that tells the drop hook which socket a RST is for.
func (s *Session) attachNote(id hookID) {
	state := s.begin(id)
	s.attachFirst(id, s.loader.methodsOf(id))
	optional := hooks[id].optional
	if !state.reached() && optional != nil && optional(s.loader) {
		state.listed = false
	}
}

// attachDropHook watches RSTs that never reach tcp_reset.
func (s *Session) attachDropHook() {
	if s.loader.options.NoDrops {
		state := s.begin(dropHook)
		state.status.Lacks = "RSTs that end a handshake or a TIME_WAIT mini-socket (switched off)"
		return
	}
	if !s.loader.dropsTell(s.hooks[requestNote].reached()) {
		return
	}
	s.begin(dropHook)
	s.attachFirst(dropHook, s.loader.methodsOf(dropHook))
}

// dropsTell: without the socket or a note of it, a drop says too little to be
// worth its cost, unless ignored RSTs are asked for.
func (l *loader) dropsTell(noted bool) bool {
	return l.kernel.drop.hasSocket || noted || l.options.Ignored
}
