package probe

import (
	"context"

	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/internal/lab/firewall"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const modulesLoading = `nf_reject_ipv6 24576 1 nft_reject_inet, Unloading 0x0000000000000000
nf_reject_ipv4 16384 1 nft_reject_inet, Loading 0x0000000000000000
nf_tables 356352 17 nft_reject_inet, Live 0x0000000000000000
`

func TestModulesIn(t *testing.T) {
	got := slices.Collect(modulesIn(strings.NewReader(modulesLoading)))
	if want := []string{"nf_reject_ipv4", "nf_tables"}; !slices.Equal(got, want) {
		t.Errorf("loaded are %q, want %q", got, want)
	}
}

// TestLostModuleRecord: what waits for a module is attached, also if no record says
// that the module came. Whether attaching is allowed makes no difference here.
func TestLostModuleRecord(t *testing.T) {
	s := openSession(t, Options{Selection: Selection{Netns: []uint32{}}})
	waits := func() (found []string) {
		for _, id := range rejectHooks {
			if s.hooks[id].status.Later {
				found = append(found, hooks[id].name())
			}
		}
		return found
	}
	list, asked := "", 0
	s.reader.lostModules.loaded = func() (io.ReadCloser, error) {
		asked++
		return io.NopCloser(strings.NewReader(list)), nil
	}
	for _, id := range rejectHooks {
		if a := s.hooks[id].attached; a != nil {
			s.release(a)
		}
		s.hooks[id] = hookState{listed: true, status: HookStatus{Function: hooks[id].name(), Later: true}}
	}
	readOnce(t, s)
	if all := waits(); len(all) != len(rejectHooks) || asked != 1 {
		t.Fatalf("%q wait after %d looks; want all of them, after one", all, asked)
	}
	list = modulesLoading
	readOnce(t, s)
	if asked != 1 {
		t.Error("looked at the modules again, and no record was lost")
	}
	loseRecord(t, s, bpf.ContextRecordKindRECORD_MODULE)
	readOnce(t, s)
	if want := []string{hooks[reject6Hook].name(), hooks[rejectLink6Hook].name()}; !slices.Equal(waits(), want) {
		t.Errorf("%q wait, want %q: only their module has not come", waits(), want)
	}
}

func readOnce(t *testing.T, s *Session) {
	t.Helper()
	var batch Batch
	if err := s.Read(t.Context(), &batch, time.Now()); err != nil {
		t.Fatal(err)
	}
}

// loseRecord counts a record of a kind as lost.
func loseRecord(t *testing.T, s *Session, kind bpf.ContextRecordKind) {
	t.Helper()
	if err := s.maps["counts"].Put(uint32(lostColumn(kind)), uint64(1)); err != nil {
		t.Fatal(err)
	}
}

// TestLostRecords: each kind has its own number.
func TestLostRecords(t *testing.T) {
	s := openSession(t, Options{Selection: Selection{Netns: []uint32{}}})
	for kind, of := range map[bpf.ContextRecordKind]func(*Counts) *uint64{
		bpf.ContextRecordKindRECORD_HOLDER:  func(c *Counts) *uint64 { return &c.LostRecords.Holders },
		bpf.ContextRecordKindRECORD_MODULE:  func(c *Counts) *uint64 { return &c.LostRecords.Modules },
		bpf.ContextRecordKindRECORD_SIGNAL:  func(c *Counts) *uint64 { return &c.LostRecords.Signals },
		bpf.ContextRecordKindRECORD_ERROR:   func(c *Counts) *uint64 { return &c.LostRecords.Errors },
		bpf.ContextRecordKindRECORD_PAYLOAD: func(c *Counts) *uint64 { return &c.LostRecords.Payloads },
		bpf.ContextRecordKindRECORD_CGROUP:  func(c *Counts) *uint64 { return &c.LostRecords.Cgroups },
		bpf.ContextRecordKindRECORD_COMMAND: func(c *Counts) *uint64 { return &c.LostRecords.Commands },
		bpf.ContextRecordKindRECORD_FRAME:   func(c *Counts) *uint64 { return &c.LostRecords.Packets },
	} {
		before := lostOf(t, s)
		loseRecord(t, s, kind)
		after := lostOf(t, s)
		if *of(&after) != *of(&before)+1 {
			t.Errorf("kind %d: %d lost, want one more than %d", kind, *of(&after), *of(&before))
		}
		*of(&after)--
		if after.LostRecords != before.LostRecords || after.Lost != before.Lost {
			t.Errorf("kind %d counts elsewhere, too: %+v, before %+v", kind, after.LostRecords, before.LostRecords)
		}
	}
}

func lostOf(t *testing.T, s *Session) Counts {
	t.Helper()
	counts, err := s.Counts()
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// TestFullRingHidesNoModule: a firewall rule brings its module while the ring is
// full, and its hook is attached all the same.
func TestFullRingHidesNoModule(t *testing.T) {
	namespace := newNamespace(t)
	const page = 4096
	s := openSession(t, Options{RingSize: page, Selection: Selection{Netns: []uint32{}}})
	if !s.awaitsModule() {
		t.Skip("no hook waits for a module: they are built in, or loaded already")
	}
	readOnce(t, s)
	fillRing(t, s.maps["ring"], page)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := firewall.Reject(ctx, namespace, firewall.BaseChain{Chain: event.ChainInput}, 80); err != nil {
		t.Fatal(err)
	}
	if lost := lostOf(t, s).LostRecords.Modules; lost == 0 {
		t.Fatal("no module record was lost: the ring had room, or no module came")
	}
	readOnce(t, s)
	for _, h := range s.Hooks() {
		if h.Function == hooks[reject4Hook].name() && (h.Later || h.Method == "" && len(h.Refused) == 0) {
			t.Errorf("%s still waits for its module: %+v", h.Function, h)
		}
	}
}

// fillRing leaves no room for another module record.
func fillRing(t *testing.T, ring *ebpf.Map, size int) {
	t.Helper()
	const header = 8
	record := bpf.ContextModuleRecord{Kind: bpf.ContextRecordKindRECORD_MODULE}
	length := int(unsafe.Sizeof(record))
	instructions := asm.Instructions{asm.Mov.Reg(asm.R6, asm.R10), asm.Add.Imm(asm.R6, int32(-length))}
	for at := 0; at < length; at += 4 {
		instructions = append(instructions, asm.StoreImm(asm.R6, int16(at), 0, asm.Word))
	}
	instructions = append(instructions,
		asm.StoreImm(asm.R6, 0, int64(record.Kind), asm.Word),
		asm.LoadMapPtr(asm.R1, ring.FD()),
		asm.Mov.Reg(asm.R2, asm.R6),
		asm.Mov.Imm(asm.R3, int32(length)),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnRingbufOutput.Call(),
		asm.Mov.Imm(asm.R0, 0),
		asm.Return(),
	)
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.SocketFilter, License: "GPL", Instructions: instructions})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	for range size / (length + header) {
		if _, err := program.Run(&ebpf.RunOptions{Data: make([]byte, 64)}); err != nil {
			t.Fatal(err)
		}
	}
}
