package cause

import (
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
	ownerpkg "github.com/rsttrace/rsttrace/pkg/owner"
)

// TestOwnerAgrees: package owner decides from the evidence alone whether the
// running process acted on a socket of its own. That must be the same as what
// the cause says: a destroyer is never called the owner, and a process that
// closed its own socket never the destroyer.
func TestOwnerAgrees(t *testing.T) {
	agreed := 0
	for evidence := range enumerate(event.HookSendActive) {
		v := Classify(evidence)
		abort := evidence.Caller == event.CallerAbort || evidence.Caller == event.CallerListenAbort
		if v.Cause == Unclassified || abort && !reasonSilent(evidence) && evidence.Reason != "TCP_STATE" {
			continue // the kernel's reason contradicts its own stack
		}
		if evidence.Caller == event.CallerListenAbort && v.Cause != ListenerClosed {
			continue // children of MPTCP listeners
		}
		e := event.Event{Evidence: evidence, Kernel: event.KernelContext{Current: ss}}
		settled := ownerpkg.FromRecord(&e)
		other := v.Cause == SocketDestroyed || evidence.Caller == event.CallerListenAbort
		if other != (e.By.PID == ss.PID) || other == (e.Owner.PID == ss.PID) {
			t.Fatalf("%s by rule %q: by %v, owner %v: %+v", v.Cause, v.Rule, e.By, e.Owner, evidence)
		}
		if settled == (other && evidence.Has(event.FactHasSocket)) {
			t.Fatalf("%s: owner settled: %v: %+v", v.Cause, settled, evidence)
		}
		agreed++
	}
	if agreed < 10_000 {
		t.Errorf("only %d kinds of evidence compared", agreed)
	}
}
