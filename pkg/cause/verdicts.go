package cause

import (
	"iter"
	"slices"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// VerdictsOf yields every verdict that evidence of a hook can have, without
// KernelVerdict. One cause may come several times: by another rule, or in another
// direction.
func VerdictsOf(hook event.Hook) iter.Seq[Verdict] {
	return func(yield func(Verdict) bool) {
		if int(hook) >= len(rulesOf) {
			return
		}
		for i := range rulesOf[hook] {
			r := &rulesOf[hook][i]
			for _, dir := range dirsOf(r.cause, hook) {
				v := r.verdict(event.Evidence{Hook: hook})
				v.Dir, v.KernelVerdict = dir, ""
				if !yield(v) {
					return
				}
			}
		}
		for _, dir := range dirsOf(Unclassified, hook) {
			if !yield(Verdict{Cause: Unclassified, Dir: dir, Certainty: event.Exact}) {
				return
			}
		}
	}
}

// dirsOf are the directions that dirOf can give.
func dirsOf(id event.CauseID, hook event.Hook) []event.Dir {
	var dirs []event.Dir
	for _, packet := range []event.TCPFlags{0, event.RST} {
		e := event.Evidence{Hook: hook, Packet: packet, Facts: event.FactSeesPacket}
		if dir := dirOf(id, e); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}
