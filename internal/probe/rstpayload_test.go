package probe

import (
	"testing"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestTexts: a text finds its reset by socket and time, both, with those of other
// CPUs in between; an old one gives way.
func TestTexts(t *testing.T) {
	s := testSession(event.Fentry)
	var batch Batch
	said := func(sk, at uint64, payload string) {
		r := payloadRecord{Kind: bpf.ContextRecordKindRECORD_PAYLOAD, ResetSk: sk, ResetTimeNs: at}
		copy(r.Payload[:], payload)
		if err := s.decode(bytesOf(&r), &batch); err != nil {
			t.Fatal(err)
		}
	}
	diagnosed := func(sk, at uint64) string {
		r := resetRecord{Kind: bpf.ContextRecordKindRECORD_RESET, Sk: sk, TimeNs: at}
		r.Evidence.Hook, r.Evidence.Facts = bpf.ContextHookHOOK_RECEIVE, bpf.ContextFact(event.FactSeesPacket)
		r.Packet.Flags, r.Packet.Len = uint8(event.RST), 5
		if err := s.decode(bytesOf(&r), &batch); err != nil {
			t.Fatal(err)
		}
		return batch.Resets[len(batch.Resets)-1].RST.DiagText
	}
	if got := diagnosed(1, 1); got != "" {
		t.Errorf("nobody said anything: %q", got)
	}
	said(1, 1, "first")
	said(1, 2, "again")
	said(2, 2, "other")
	for _, test := range []struct {
		sk, at uint64
		want   string
	}{{2, 2, "other"}, {1, 1, "first"}, {1, 2, "again"}, {2, 1, ""}} {
		if got := diagnosed(test.sk, test.at); got != test.want {
			t.Errorf("socket %d at %d: %q, want %q", test.sk, test.at, got, test.want)
		}
	}
	for i := range len(s.reader.interner.payloads.waiting) {
		said(3, uint64(i), "flood")
	}
	if got := diagnosed(1, 1); got != "" {
		t.Errorf("an old text is still there: %q", got)
	}
}
