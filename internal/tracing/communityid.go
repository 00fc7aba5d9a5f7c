package tracing

import (
	"github.com/rsttrace/rsttrace/internal/communityid"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// flowIDs makes Community IDs. Of a RST whose two ends are on this host the
// events follow each other as a rule, and have the same.
type flowIDs struct {
	arena       event.StringArena
	local, peer event.Endpoint // of the last event
	id          string
}

func (f *flowIDs) of(e *event.Event) string {
	if sameFlow := e.Local == f.peer && e.Peer == f.local; !sameFlow {
		var room [communityid.Length]byte
		f.id = f.arena.String(communityid.AppendTCP(room[:0], e.Local.AddrPort(), e.Peer.AddrPort()))
	}
	f.local, f.peer = e.Local, e.Peer
	return f.id
}
