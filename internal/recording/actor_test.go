package recording_test

import (
	"encoding/binary"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// The answers of bpf/predicates.bpf.c.
const (
	inProcess = 1 << iota
	namesCurrent
	holderWanted
)

// TestActorAgrees: who acted on the socket is for package cause to say. What the
// kernel side decides of it must allow for that, with all evidence that was recorded.
func TestActorAgrees(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	var objects bpf.PredicatesObjects
	if err := bpf.LoadPredicatesObjects(&objects, nil); err != nil {
		t.Fatal(err)
	}
	defer objects.Close()

	compared := make(map[event.Evidence]bool)
	others, own := 0, 0
	for _, r := range recordings(t) {
		for _, v := range r.Evidence {
			e := v.Evidence
			if compared[e] {
				continue
			}
			compared[e] = true
			answers := askKernelSide(t, objects.Predicates, e)
			if cause.ActedByOther(e) {
				others++
				checkOther(t, e, answers)
			} else if answers&namesCurrent != 0 {
				own++
			}
		}
	}
	if others < 10 || own < 10 {
		t.Errorf("%d kinds of evidence where another process acted, %d where the owner did: too few to compare", others, own)
	}
}

// checkOther: the process that acted is in the record, the filter does not take it
// for the owner, and the owner is searched for if a descriptor refers to the socket.
func checkOther(t *testing.T, e event.Evidence, answers uint32) {
	t.Helper()
	if answers&inProcess == 0 {
		t.Errorf("the record lacks the process that acted: %+v", e)
	}
	if answers&namesCurrent != 0 {
		t.Errorf("the filter takes the process that acted for the owner: %+v", e)
	}
	if e.Has(event.FactHasSocket) && answers&holderWanted == 0 {
		t.Errorf("nobody waits for the owner: %+v", e)
	}
}

// askKernelSide runs the predicates.
func askKernelSide(t *testing.T, predicates *ebpf.Program, e event.Evidence) uint32 {
	t.Helper()
	answers, err := predicates.Run(&ebpf.RunOptions{Data: packetOf(e)})
	if err != nil {
		t.Fatal(err)
	}
	if answers > inProcess|namesCurrent|holderWanted {
		t.Fatalf("the kernel side cannot read the evidence: %#x", answers)
	}
	return answers
}

// packetOf is evidence as bpf/predicates.bpf.c reads it. It lacks the reason, which
// has another number on each kernel.
func packetOf(e event.Evidence) []byte {
	const ethernet, ipv4, ipv6 = 14, 2, 10
	family := byte(ipv4)
	if e.Family == event.IPv6 {
		family = ipv6
	}
	packet := append(make([]byte, ethernet),
		byte(e.Hook), byte(e.Socket), byte(e.State), byte(e.Prior), byte(e.Packet), byte(e.Caller), 0, family, byte(e.Chain), 0, 0, 0)
	return binary.NativeEndian.AppendUint32(packet, uint32(e.Facts))
}

// TestCountersAreSpread: evidence of few different facts has few counters in common.
// A search gives up after sixteen, and then nobody knows what was counted.
func TestCountersAreSpread(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	var objects bpf.PredicatesObjects
	if err := bpf.LoadPredicatesObjects(&objects, nil); err != nil {
		t.Fatal(err)
	}
	defer objects.Close()
	for _, r := range recordings(t) {
		seen, columns := make(map[string]bool), make(map[uint32]int)
		for _, v := range r.Evidence {
			packet := packetOf(v.Evidence)
			if seen[string(packet)] {
				continue
			}
			seen[string(packet)] = true
			column, err := objects.FirstColumn.Run(&ebpf.RunOptions{Data: packet})
			if err != nil {
				t.Fatal(err)
			}
			columns[column]++
		}
		if len(columns) < len(seen)*8/10 {
			t.Errorf("%s, %s: %d kinds of evidence begin at %d counters only", r.Kernel, r.Method, len(seen), len(columns))
		}
	}
}
