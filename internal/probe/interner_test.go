package probe

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestRepeatedNames: more names than there is room for, each right.
func TestRepeatedNames(t *testing.T) {
	var r interner
	for range 2 {
		for i := range 2000 {
			want := fmt.Sprintf("worker-%d", i)
			c := fixed(want)
			if got := r.text(c[:]); got != want {
				t.Fatalf("%q, want %q", got, want)
			}
		}
	}
	for _, want := range []string{"", "full-16-letters!", "\xff\x80"} {
		c := fixed(want)
		if got := r.text(c[:]); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	c := fixed("curl")
	if n := testing.AllocsPerRun(100, func() { r.text(c[:]) }); n != 0 {
		t.Errorf("%v allocations for a name that was seen before", n)
	}
}

// TestDecodeAllocates: of records like those before nothing is allocated but the
// blocks of numbers.
func TestDecodeAllocates(t *testing.T) {
	s := testSession(event.Fentry)
	sent := &resetRecord{Kind: bpf.ContextRecordKindRECORD_RESET, Ifname: fixed("lo")}
	sent.Evidence.Hook, sent.Evidence.Socket = bpf.ContextHook(event.HookSendReply), bpf.ContextSocketKind(event.SockNone)
	sent.Evidence.Facts = bpf.ContextFact(event.FactSeesPacket)
	sent.Packet.Flags, sent.Packet.Window = uint8(event.SYN), 65495
	received := &resetRecord{Kind: bpf.ContextRecordKindRECORD_RESET, Ifname: fixed("lo")}
	received.Evidence.Hook, received.Evidence.Socket = bpf.ContextHook(event.HookReceive), bpf.ContextSocketKind(event.SockFull)
	received.Evidence.Facts = bpf.ContextFact(event.FactSeesPacket | event.FactHasSocket)
	received.Packet.Flags = uint8(event.RST | event.ACK)
	received.Current = bpf.ContextProcess{Known: 1, Pid: 4711, Tid: 4711, Comm: fixed("curl")}
	late := &errorRecord{Kind: bpf.ContextRecordKindRECORD_ERROR, Error: uint32(unix.ECONNREFUSED)}

	var batch Batch
	const rounds = 100
	turn := func() {
		batch.clear()
		for range rounds {
			for _, sample := range [][]byte{bytesOf(sent), bytesOf(received), bytesOf(late)} {
				if err := s.decode(sample, &batch); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	turn()
	if allocations := testing.AllocsPerRun(20, turn); allocations > rounds/10 {
		t.Errorf("%v allocations for %d records", allocations, 3*rounds)
	}
	if len(batch.Resets) != 2*rounds || batch.Resets[1].Kernel.ReportedError.Errno == "" {
		t.Errorf("%d resets, the error %+v", len(batch.Resets), batch.Resets[1].Kernel.ReportedError)
	}
}
