package probe

import (
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// What the rows of hooks say of evidence, of other hooks and of options. None of this
// may look at the table: it is part of it.

func isIPv6(e event.Evidence) bool  { return e.Family == event.IPv6 }
func notIPv6(e event.Evidence) bool { return e.Family != event.IPv6 }

// ofMiniSocket: no tcp_reset runs for request and TIME_WAIT sockets.
func ofMiniSocket(e event.Evidence) bool {
	return e.Socket == event.SockRequest || e.Socket == event.SockTimeWait
}

func not(f func(event.Evidence) bool) func(event.Evidence) bool {
	return func(e event.Evidence) bool { return !f(e) }
}

func all(*loader, hookID, cause.Verdict) bool { return true }

func inModule(_ *loader, from hookID, _ cause.Verdict) bool {
	return from >= reject4Hook && from <= rejectLink6Hook
}

func dropOnly(_ *loader, from hookID, _ cause.Verdict) bool { return from == dropHook }

func ignoredOnly(_ *loader, from hookID, v cause.Verdict) bool {
	return from == dropHook && v.Dir == event.Ignored
}

// repliesBesideDrops: both hooks see ignored RSTs. Which of them reports one is
// settled when the drop hook is attached, so the reply hooks come with it.
func repliesBesideDrops(l *loader, from hookID, _ cause.Verdict) bool {
	return from == dropHook && l.options.Ignored
}

// leavesError is what bpf/errors.h waits for.
func leavesError(_ *loader, from hookID, _ cause.Verdict) bool {
	return from == activeHook || from == receiveHook
}

// breaksPipes: only one of the answers to packets goes to a connection that a
// process may write to.
func breaksPipes(_ *loader, from hookID, v cause.Verdict) bool {
	switch from {
	case reply4Hook, reply6Hook:
		return v.Cause == cause.DataAfterClose
	default:
		return true
	}
}

// What leaves a hook something to do.

func (l *loader) sendsDetails() bool { return !l.options.Selection.CountsOnly }

func (l *loader) mayFollowErrors() bool {
	return l.sendsDetails() && !l.options.NoFollowups && l.kernel.reportsErrors
}

// seesPackets: only where the hook of received RSTs does not get them.
func (l *loader) seesPackets() bool {
	return l.options.SeePackets && l.sendsDetails() && !l.getsResets
}

func (l *loader) awaitsModules() bool { return l.kernel.modulesMissing }

func (l *loader) watchesDrops() bool { return !l.options.NoDrops }

func (l *loader) notesConnections() bool {
	return l.watchesDrops() && !l.kernel.drop.hasSocket && l.options.Ignored
}
