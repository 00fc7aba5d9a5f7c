package audit

import "slices"

// Limit is something that the attached hooks cannot see, by the id and the
// sentence of package probe.
type Limit struct {
	ID       string
	Sentence string
}

// hiddenBy lists which counters a limit puts out of comparison: the kernel may
// then count more than there are events. Limits that hide nothing a counter
// counts are not here; nor is no-signed, because it concerns hosts that use TCP
// signatures only and would hide every real loss on all the others.
var hiddenBy = map[string][]string{
	"no-receive":      {"EmbryonicRsts", "TcpAttemptFails", "TcpEstabResets"},
	"no-request-fate": {"EmbryonicRsts", "TcpAttemptFails"},
	"no-socketless":   {"TcpOutRsts"},
	"no-reply":        {"TcpOutRsts", "TCPAbortOnData", "EmbryonicRsts", "TcpAttemptFails", "ListenOverflows"},
	"no-active": {
		"TcpOutRsts", "TCPAbortOnClose", "TCPAbortOnData", "TCPAbortOnLinger", "TCPAbortOnMemory", "TCPAbortOnTimeout", "TcpEstabResets",
	},
}

// limitSigned is the limit that may explain a missing event without being assumed.
const limitSigned = "no-signed"

// sentencesFor are the sentences of the limits that concern a counter.
func sentencesFor(limits []Limit, counter string) (sentences []string) {
	for _, l := range limits {
		if slices.Contains(hiddenBy[l.ID], counter) {
			sentences = append(sentences, l.Sentence)
		}
	}
	return sentences
}
