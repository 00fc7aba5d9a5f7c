package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// Verdict is what the evidence of one event says.
type Verdict struct {
	Cause     event.CauseID
	Dir       event.Dir
	Certainty event.Certainty
	// Because lists what a likely cause rests on; it is empty for an exact
	// one. It is shared between verdicts: do not change it.
	Because []string
	// KernelVerdict is one sentence, only where the kernel's own reason would
	// mislead a reader about the cause.
	KernelVerdict string
	// Rule is the name of the rule that decided; "" for Unclassified.
	Rule string
}

// rule is one row of a decision table.
type rule struct {
	name  string // says what the rule recognises; unique
	when  func(event.Evidence) bool
	cause event.CauseID
	// because makes the verdict likely and lists what it rests on.
	because []string
}

// rulesOf is the table of each hook. The order inside a table is part of its
// meaning: where rules overlap, the earlier one decides.
var rulesOf = [...][]rule{
	event.HookSendActive: activeRules,
	event.HookSendReply:  replyRules,
	event.HookReceive:    receiveRules,
	event.HookReject:     rejectRules,
	event.HookIgnore:     ignoreRules,
}

// Classify names the cause of an event from its evidence. It is total: evidence
// that fits no rule is Unclassified. It does not allocate.
func Classify(e event.Evidence) Verdict {
	if int(e.Hook) < len(rulesOf) {
		for i := range rulesOf[e.Hook] {
			r := &rulesOf[e.Hook][i]
			if r.when(e) {
				return r.verdict(e)
			}
		}
	}
	return Verdict{Cause: Unclassified, Dir: hookDir(e), Certainty: event.Exact}
}

func (r *rule) verdict(e event.Evidence) Verdict {
	v := Verdict{
		Cause:         r.cause,
		Dir:           dirOf(r.cause, e),
		Certainty:     event.Exact,
		Because:       r.because,
		KernelVerdict: kernelVerdict(r.cause, e.Reason),
		Rule:          r.name,
	}
	if len(r.because) > 0 {
		v.Certainty = event.Likely
	}
	return v
}

// dirOf is the direction of the cause's catalogue entry.
func dirOf(id event.CauseID, e event.Evidence) event.Dir {
	if entry, ok := entryOf[id]; ok && entry.Dir != "" {
		return entry.Dir
	}
	return hookDir(e)
}

// hookDir is the direction that the hook alone implies. A RST that draws a
// reset is never answered (RFC 9293 3.5.2), so at the reply hook it is one that
// arrived and was ignored.
func hookDir(e event.Evidence) event.Dir {
	switch e.Hook {
	case event.HookReceive:
		return event.Received
	case event.HookIgnore:
		return event.Ignored
	case event.HookSendReply:
		if hasFlag(e, event.RST) {
			return event.Ignored
		}
	}
	return event.Sent
}
