package selftest

import "github.com/rsttrace/rsttrace/pkg/event"

// blame is the side of a finding that a pattern says is at fault.
type blame uint8

const (
	nobody    blame = iota // it is harmless, or a mere fact
	actor                  // who ended the connections; outside, if that was not seen
	victim                 // who got the RST
	initiator              // who brought it about
	outside                // the peer, or something between
	thisHost
)

// blames has each pattern. A new one must say here whom it accuses.
var blames = map[event.PatternID]blame{
	"sigpipe-death":          victim,
	"process-died":           actor,
	"process-paused":         nobody,
	"client-went-away":       nobody,
	"passed-on":              nobody,
	"port-scan":              nobody,
	"many-refuse":            nobody,
	"accept-queue-full":      actor,
	"listener-closed":        actor,
	"nothing-listens":        nobody,
	"reject-rule":            thisHost,
	"refused-elsewhere":      outside,
	"sent-by-no-socket":      outside,
	"never-established":      outside,
	"idle-limit-between":     outside,
	"reset-in-full-flow":     outside,
	"dead-peer":              outside,
	"forgotten-here":         thisHost,
	"damaged-or-forged":      outside,
	"keep-alive-race":        actor,
	"closed-under-request":   actor,
	"stale-pool":             victim,
	"idle-limit":             actor,
	"port-check":             nobody,
	"unread-farewell":        nobody,
	"turned-away":            actor,
	"closed-before-read":     actor,
	"client-gave-up":         actor,
	"client-closed-early":    actor,
	"destroyed-from-outside": initiator,
	"orphan-limit":           thisHost,
	"deliberate-abort":       actor,
}
