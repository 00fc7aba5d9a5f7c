package cause

import (
	"cmp"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Explainer explains one event after the other, and does not think twice: where
// thousands come of one kind, the kind is classified once. The zero value is
// ready. It is for one goroutine.
type Explainer struct {
	last    [len(rulesOf)]decision // of each hook
	texts   event.StringArena
	summary []byte // room for one
}

// decision is all that the evidence alone says.
type decision struct {
	evidence event.Evidence
	verdict  Verdict
	entry    *Entry // nil: nothing was decided yet
	app      event.App
	write    func([]byte, *event.Event) []byte // the summary; nil where it is not in briefSummaries
	remedy   func(*event.Event) string         // nil: always the usual one
}

// Decide fills what the evidence alone says in no words: cause, direction and
// certainty. Explain does it too.
func (x *Explainer) Decide(e *event.Event) { x.decide(e) }

// Explain does what the function Explain does.
func (x *Explainer) Explain(e *event.Event) {
	d := x.decide(e)
	e.Because = becauseOf(e, &d.verdict)
	e.KernelVerdict = d.verdict.KernelVerdict
	e.App = d.app
	if d.verdict.Cause == HandshakeAborted {
		e.App = consequence(e) // it is the only one that goes by more than the evidence
	}
	e.Remedy = d.entry.Remedy
	if d.remedy != nil {
		e.Remedy = cmp.Or(d.remedy(e), e.Remedy)
	}
	e.IETFCause = d.entry.IETFCause
	if d.write == nil || e.RST.DiagText != "" || e.RST.Reason != nil {
		e.Summary = summary(e)
		return
	}
	x.summary = d.write(x.summary[:0], e)
	e.Summary = x.texts.String(x.summary)
}

func (x *Explainer) decide(e *event.Event) *decision {
	d := &x.last[0]
	if int(e.Evidence.Hook) < len(x.last) {
		d = &x.last[e.Evidence.Hook]
	}
	known := d.entry != nil && d.evidence == e.Evidence
	if !known {
		v := Classify(e.Evidence)
		*d = decision{evidence: e.Evidence, verdict: v, entry: entryOf[v.Cause], write: briefSummaries[v.Cause], remedy: remedies[v.Cause]}
	}
	e.Cause, e.Dir, e.Certainty = d.verdict.Cause, d.verdict.Dir, d.verdict.Certainty
	if !known {
		d.app = consequence(e)
	}
	return d
}
