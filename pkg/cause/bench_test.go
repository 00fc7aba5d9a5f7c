package cause

import (
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// hotEvidence: a storm of refused connects, the first rules of the table and
// the last.
var hotEvidence = []struct {
	name string
	e    event.Evidence
}{
	{"closed-port", event.Evidence{Hook: event.HookSendReply, Socket: event.SockNone, Packet: syn, Reason: "NO_SOCKET", Facts: sp}},
	{"refused", event.Evidence{Hook: event.HookReceive, Socket: event.SockFull, State: event.StateSynSent, Packet: rst | ack, Facts: sp}},
	{"keepalive-timeout", event.Evidence{Hook: event.HookSendActive, Socket: event.SockFull, State: event.StateEstablished, Facts: event.FactKeepOpen}},
	{"rst-out-of-window", event.Evidence{Hook: event.HookIgnore, Socket: event.SockFull, State: event.StateEstablished, Packet: rst, Reason: "TCP_INVALID_SEQUENCE", Dropped: true, Facts: seqBeyond}},
	{"unclassified", event.Evidence{Hook: event.HookSendActive, Socket: event.SockFull, State: event.StateEstablished}},
}

func BenchmarkClassify(b *testing.B) {
	for _, bb := range hotEvidence {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Classify(bb.e)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/event")
		})
	}
}

func BenchmarkExplain(b *testing.B) {
	for _, bb := range hotEvidence {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			e := event.Event{Evidence: bb.e}
			var x Explainer
			for b.Loop() {
				x.Explain(&e)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/event")
		})
	}
}

func TestClassifyDoesNotAllocate(t *testing.T) {
	for _, tt := range hotEvidence {
		if n := testing.AllocsPerRun(100, func() { Classify(tt.e) }); n != 0 {
			t.Errorf("%s: %v allocations", tt.name, n)
		}
	}
}

// TestExplainDoesNotAllocate: the causes that come by the hundred thousand.
func TestExplainDoesNotAllocate(t *testing.T) {
	tested := make(map[event.CauseID]bool)
	for _, s := range stories() {
		e := s.e
		Explain(e)
		formerly := e.Cause == ClosedPort && len(e.Because) > 0 // tells who listened there
		died := caller(e).ended != ""
		if briefSummaries[e.Cause] == nil || e.RST.DiagText != "" || formerly || died {
			continue
		}
		tested[e.Cause] = true
		var x Explainer
		if n := testing.AllocsPerRun(1000, func() { x.Explain(e) }); n != 0 {
			t.Errorf("%s: %v allocations", s.name, n)
		}
	}
	if len(tested) != len(briefSummaries) {
		t.Errorf("only %v were tested", tested)
	}
}
