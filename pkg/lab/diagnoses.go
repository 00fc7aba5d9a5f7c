package lab

import "github.com/rsttrace/rsttrace/pkg/event"

// Diagnoses that several scenarios have.
var (
	// abortedByServer: SO_LINGER {1,0}. Where nothing was read or sent before, it looks
	// like a limit of connections.
	abortedByServer = []Diagnosis{{Pattern: "deliberate-abort", Or: []event.PatternID{"turned-away"}, Accuses: serverEnd}}
	// unreadByServer is the same for a close with data unread.
	unreadByServer = unreadBy(serverEnd)
	// closedByServerFirst: the client wrote on, at once or, on a slow machine, much later.
	closedByServerFirst = []Diagnosis{
		{Pattern: "closed-under-request", Or: []event.PatternID{"turned-away"}, Accuses: serverEnd},
		{Pattern: "stale-pool", Accuses: clientEnd},
	}
	// closedUnderPeer is the same where the client is the packet peer.
	closedUnderPeer = []Diagnosis{
		{Pattern: "closed-under-request", Or: []event.PatternID{"turned-away"}, Accuses: serverEnd},
		{Pattern: "stale-pool", Accuses: Outside},
	}
	// diedOfSIGPIPE: at first there is only the close.
	diedOfSIGPIPE  = append([]Diagnosis{{Pattern: "sigpipe-death", Accuses: clientEnd, Must: true}}, closedByServerFirst...)
	serverDied     = []Diagnosis{{Pattern: "process-died", Accuses: serverEnd, Must: true}}
	closedQueue    = []Diagnosis{{Pattern: "listener-closed", Accuses: serverEnd, Must: true}}
	destroyed      = []Diagnosis{{Pattern: "destroyed-from-outside", Accuses: "destroyer", Must: true}}
	peerDead       = []Diagnosis{{Pattern: "dead-peer", Accuses: Outside, Must: true}}
	forgottenHere  = []Diagnosis{{Pattern: "forgotten-here", Accuses: ThisHost, Must: true}}
	ruleHere       = []Diagnosis{{Pattern: "reject-rule", Accuses: ThisHost, Must: true}}
	ruleInBetween  = append([]Diagnosis{{Pattern: "sent-by-no-socket", Accuses: Outside, Hidden: true}}, ruleHere...)
	noListener     = []Diagnosis{{Pattern: "nothing-listens", Accuses: Nobody, Must: true}}
	ofNoUse        = []Diagnosis{{Pattern: "damaged-or-forged", Accuses: Outside, Harmless: true, Must: true}}
	tooManyOrphans = []Diagnosis{{Pattern: "orphan-limit", Accuses: ThisHost, Must: true}}
)

// unreadBy is a close with data unread. Where the server had read nothing at all and
// closed at once, it looks like a limit of connections.
func unreadBy(actors ...string) (d []Diagnosis) {
	for _, name := range actors {
		d = append(d, Diagnosis{Pattern: "closed-before-read", Or: []event.PatternID{"turned-away"}, Accuses: name})
	}
	return d
}

// abortedBy is SO_LINGER {1,0} by clients. If one had sent nothing, it looks like a check of
// the port. On a slow machine the silence before it is as long as an idle limit.
func abortedBy(actors ...string) []Diagnosis {
	d := []Diagnosis{{Pattern: "port-check", Accuses: Nobody, Harmless: true}}
	for _, name := range actors {
		d = append(d, Diagnosis{Pattern: "deliberate-abort", Accuses: name}, Diagnosis{Pattern: "idle-limit", Accuses: name, Slow: true})
	}
	return d
}

// found adds findings to a scenario.
func found(s Scenario, d []Diagnosis) Scenario {
	s.Findings = d
	return s
}
