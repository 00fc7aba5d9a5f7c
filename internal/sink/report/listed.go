package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/text"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// listed is an event in the table that needs no script.
type listed struct {
	at                      time.Time
	id, finding             uint64
	dir, cause, local, peer string
	owner, errno, summary   string
	lost                    uint64
}

func listedOf(e *event.Event) listed {
	return listed{
		at: e.Time, id: e.ID, finding: e.Finding, dir: clip(string(e.Dir)), cause: clip(string(e.Cause)),
		local: clip(e.Local.String()), peer: clip(e.Peer.String()), owner: clip(text.OwnerName(e)), errno: errnoOf(e), summary: clip(e.Summary),
		lost: uint64(e.Lost.UnreadBytes) + uint64(e.Lost.UnsentBytes) + uint64(e.Lost.UnackedBytes),
	}
}

// errnoOf is what the application gets: "EPIPE SIGPIPE".
func errnoOf(e *event.Event) string {
	name := e.App.Errno
	if e.App.SIGPIPE {
		name += " SIGPIPE"
	}
	return clip(strings.TrimSpace(name))
}

// sortedPairs lists which finding became part of which.
func sortedPairs(into map[uint64]uint64) [][2]uint64 {
	pairs := make([][2]uint64, 0, len(into))
	for from, to := range into {
		pairs = append(pairs, [2]uint64{from, to})
	}
	slices.SortFunc(pairs, func(a, b [2]uint64) int { return cmp.Compare(a[0], b[0]) })
	return pairs
}
