package cause_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rsttrace/rsttrace/internal/owner"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// aSocket is one that a descriptor refers to.
var aSocket = event.SocketRef{Address: 64, Inode: 7}

// TestOwnerAgrees: package owner decides from the evidence alone whether the
// running process acted on a socket of its own. That must be the same as what
// the cause says: a destroyer is never called the owner, and a process that
// closed its own socket never the destroyer.
func TestOwnerAgrees(t *testing.T) {
	agreed := 0
	for evidence := range cause.Enumerate(event.HookSendActive) {
		evidence.Facts &^= event.FactRemembered // of the reply hooks only
		v := cause.Classify(evidence)
		abort := evidence.Caller == event.CallerAbort || evidence.Caller == event.CallerListenAbort
		if v.Cause == cause.Unclassified || abort && !cause.ReasonSilent(evidence) && evidence.Reason != "TCP_STATE" {
			continue // the kernel's reason contradicts its own stack
		}
		if evidence.Caller == event.CallerListenAbort && v.Cause != cause.ListenerClosed {
			continue // children of MPTCP listeners
		}
		e := event.Event{Evidence: evidence, Kernel: event.KernelContext{Current: cause.SS, Socket: aSocket}}
		settled := new(owner.Resolver).FromRecord(&e)
		other := v.Cause == cause.SocketDestroyed || evidence.Caller == event.CallerListenAbort
		if other != (e.Initiator.PID == cause.SS.PID) || other == (e.Owner.PID == cause.SS.PID) {
			t.Fatalf("%s by rule %q: by %v, owner %v: %+v", v.Cause, v.Rule, e.Initiator, e.Owner, evidence)
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

// TestOwnerBeforeOrAfter: FromRecord reads nothing that Explain writes, so their
// order makes no difference to an event that is explained last.
func TestOwnerBeforeOrAfter(t *testing.T) {
	before, after := cause.Stories(), cause.Stories()
	for i := range before {
		new(owner.Resolver).FromRecord(before[i].Event)
		cause.Explain(before[i].Event)
		cause.Explain(after[i].Event)
		new(owner.Resolver).FromRecord(after[i].Event)
		cause.Explain(after[i].Event)
		if diff := cmp.Diff(before[i].Event, after[i].Event, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("%s (-before +after):\n%s", before[i].Name, diff)
		}
	}
}

// TestOwnersOfStories: who is made the owner, and who is not.
func TestOwnersOfStories(t *testing.T) {
	for name, want := range map[string]string{
		"unread, killed":                            "owner redis-server by current",
		"destroyed":                                 "by ss, wanted",
		"destroyed orphan":                          "by ss",
		"listener destroyed":                        "by ss",
		"listener closed":                           "owner redis-server by current",
		"closed port, former listener":              "",
		"closed port, flow remembered":              "",
		"stray SYN-ACK, flow remembered":            "",
		"stray SYN-ACK, given up":                   "owner redis-server by closer",
		"closed earlier":                            "owner redis-server by closer",
		"closed earlier, killed":                    "owner redis-server by closer",
		"closed earlier with unread data":           "owner redis-server by closer",
		"ended earlier by somebody":                 "",
		"closed earlier, closed by a kernel worker": "",
		"no connection, remembered":                 "owner redis-server by closer",
		"no connection, ended by somebody":          "",
		"data after close, closer known":            "owner redis-server by closer",
		"orphan limit, in a timer":                  "owner redis-server by closer",
		"firewall, output, data":                    "owner redis-server by current",
		"firewall, output, connect, owner unknown":  "wanted",
		"keep-alive":                                "wanted",
		"MPTCP close, killed":                       "owner redis-server by current",
		"handshake, challenged":                     "",
	} {
		e := findStory(t, name)
		if e.Evidence.Has(event.FactHasSocket) {
			e.Kernel.Socket = aSocket
		}
		new(owner.Resolver).FromRecord(e)
		var parts []string
		if !e.Owner.IsZero() {
			parts = append(parts, "owner "+e.Owner.Comm+" by "+string(e.Owner.Source))
		}
		if e.Initiator.PID != 0 {
			parts = append(parts, "by "+e.Initiator.Comm)
		}
		if owner.NeedsOwner(e) {
			parts = append(parts, "wanted")
		}
		if got := strings.Join(parts, ", "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func findStory(t *testing.T, name string) *event.Event {
	t.Helper()
	for _, s := range cause.Stories() {
		if s.Name == name {
			return s.Event
		}
	}
	t.Fatalf("no story %q", name)
	return nil
}
