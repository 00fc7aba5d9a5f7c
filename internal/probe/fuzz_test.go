package probe

import (
	"encoding/binary"
	"testing"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// FuzzDecode: whatever the ring holds, one record gives one entry or an error.
func FuzzDecode(f *testing.F) {
	reset := resetRecord{Kind: bpf.ContextRecordKindRECORD_RESET}
	for _, hook := range []bpf.ContextHook{1, 2, 3, 4, 5, 200} {
		reset.Evidence.Hook, reset.Evidence.Family = hook, afINET6
		f.Add(bytesOf(&reset))
	}
	holder := holderRecord{Kind: bpf.ContextRecordKindRECORD_HOLDER}
	f.Add(bytesOf(&holder))
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0})
	module := bpf.ContextModuleRecord{Kind: bpf.ContextRecordKindRECORD_MODULE, Name: [20]int8{'n', 'f', '_'}}
	f.Add(bytesOf(&module))
	f.Add([]byte{3, 0, 0, 0})
	signal := signalRecord{Kind: bpf.ContextRecordKindRECORD_SIGNAL}
	f.Add(bytesOf(&signal))
	late := errorRecord{Kind: bpf.ContextRecordKindRECORD_ERROR}
	f.Add(bytesOf(&late))
	group := cgroupRecord{Kind: bpf.ContextRecordKindRECORD_CGROUP}
	f.Add(bytesOf(&group))
	f.Add(bytesOf(&reset)[:100])
	f.Add(bytesOf(&reset)[:resetWithoutSocket])
	words := payloadRecord{Kind: bpf.ContextRecordKindRECORD_PAYLOAD, Payload: [64]uint8{'b', 'y', 'e'}}
	f.Add(bytesOf(&words))
	f.Fuzz(func(t *testing.T, sample []byte) {
		s := testSession(event.Tracepoint)
		batch := Batch{Resets: make([]event.Event, 0, 1)}
		err := s.decode(sample, &batch)
		entries := len(batch.Resets) + len(batch.Holders) + len(batch.Signals) + len(batch.Errors) + len(batch.Cgroups) + len(batch.modules)
		if err != nil {
			if entries != 0 {
				t.Errorf("error %v and %d entries", err, entries)
			}
			return
		}
		entries += s.reader.interner.payloads.next
		if entries != 1 {
			t.Errorf("one record gave %d entries", entries)
		}
		kind := binary.NativeEndian.Uint32(sample)
		if isReset := kind == uint32(bpf.ContextRecordKindRECORD_RESET); isReset != (len(batch.Resets) == 1) {
			t.Errorf("a record of kind %d gave %d resets", kind, len(batch.Resets))
		}
		for _, e := range batch.Resets {
			if e.Hook == "" || e.Family == "" || !e.Local.Addr.IsValid() || !e.Peer.Addr.IsValid() {
				t.Errorf("incomplete event: %+v", e)
			}
		}
	})
}
