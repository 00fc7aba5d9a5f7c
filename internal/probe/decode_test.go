package probe

import (
	"net/netip"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// testSession decodes as on a kernel that was reached by one method.
func testSession(via event.Method) *Session {
	s := &Session{kernel: &kernel{reasons: []string{"NOT_SPECIFIED", "NO_SOCKET"}}}
	for _, id := range resetHooks {
		s.reachBy(id, via)
	}
	s.reachBy(dropHook, event.Tracepoint)
	return s
}

// bytesOf is a record as the ring hands it out.
func bytesOf[T any](record *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(record)), unsafe.Sizeof(*record))
}

func decodeOne(t *testing.T, s *Session, r *resetRecord) event.Event {
	t.Helper()
	r.Kind = bpf.ContextRecordKindRECORD_RESET
	var batch Batch
	if err := s.decode(bytesOf(r), &batch); err != nil {
		t.Fatal(err)
	}
	if len(batch.Resets) != 1 || len(batch.Holders) != 0 {
		t.Fatalf("%d resets, %d holders", len(batch.Resets), len(batch.Holders))
	}
	return batch.Resets[0]
}

func fixed(text string) (chars [16]int8) {
	for i := range len(text) {
		chars[i] = int8(text[i])
	}
	return chars
}

func TestDecodeAddresses(t *testing.T) {
	v4 := func(a, b, c, d uint8) [16]uint8 { return [16]uint8{a, b, c, d} }
	for name, test := range map[string]struct {
		family      uint8
		local, peer [16]uint8
		want        event.Family
		wantLocal   string
		wantPeer    string
	}{
		"IPv4": {afINET, v4(10, 0, 0, 1), v4(192, 0, 2, 255), event.IPv4, "10.0.0.1", "192.0.2.255"},
		// An IPv4 address takes the first four bytes; what follows is noise.
		"IPv4 with rest": {
			afINET, [16]uint8{10, 0, 0, 1, 9, 9, 9, 9}, v4(10, 0, 0, 2), event.IPv4, "10.0.0.1", "10.0.0.2",
		},
		"IPv6": {
			afINET6, netip.MustParseAddr("2001:db8::1").As16(), netip.MustParseAddr("fe80::2").As16(),
			event.IPv6, "2001:db8::1", "fe80::2",
		},
		"IPv4-mapped": {
			afINET6, netip.MustParseAddr("::ffff:10.0.0.1").As16(), netip.MustParseAddr("::ffff:10.0.0.2").As16(),
			event.IPv6, "10.0.0.1", "10.0.0.2",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := resetRecord{Evidence: bpf.ContextEvidence{Hook: bpf.ContextHookHOOK_SEND_REPLY, Family: test.family}}
			r.Tuple.Local, r.Tuple.Peer = test.local, test.peer
			r.Tuple.LocalPort, r.Tuple.PeerPort = 443, 65535
			r.Tuple.Netns = 4026531840
			e := decodeOne(t, testSession(event.Fentry), &r)
			want := event.Event{
				Family: test.want,
				Local:  event.Endpoint{Addr: netip.MustParseAddr(test.wantLocal), Port: 443},
				Peer:   event.Endpoint{Addr: netip.MustParseAddr(test.wantPeer), Port: 65535},
				Netns:  event.Netns{Inode: 4026531840},
			}
			got := event.Event{Family: e.Family, Local: e.Local, Peer: e.Peer, Netns: e.Netns}
			if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeHookNames(t *testing.T) {
	for _, test := range []struct {
		hook   bpf.ContextHook
		family uint8
		via    event.Method
		want   string
	}{
		{bpf.ContextHookHOOK_SEND_ACTIVE, afINET6, event.Fentry, "tcp_send_active_reset"},
		{bpf.ContextHookHOOK_SEND_REPLY, afINET, event.Kprobe, "tcp_v4_send_reset"},
		{bpf.ContextHookHOOK_SEND_REPLY, afINET6, event.Kprobe, "tcp_v6_send_reset"},
		{bpf.ContextHookHOOK_RECEIVE, afINET6, event.Fentry, "tcp_reset"},
		{bpf.ContextHookHOOK_SEND_ACTIVE, afINET, event.Tracepoint, "tcp:tcp_send_reset"},
		{bpf.ContextHookHOOK_SEND_REPLY, afINET6, event.Tracepoint, "tcp:tcp_send_reset"},
		{bpf.ContextHookHOOK_RECEIVE, afINET, event.Tracepoint, "tcp:tcp_receive_reset"},
	} {
		r := resetRecord{Evidence: bpf.ContextEvidence{Hook: test.hook, Family: test.family}}
		e := decodeOne(t, testSession(test.via), &r)
		if e.Hook != test.want || e.Via != test.via {
			t.Errorf("hook %d by %s: %s via %s, want %s", test.hook, test.via, e.Hook, e.Via, test.want)
		}
	}
}

func TestDecodeStateBefore(t *testing.T) {
	for name, test := range map[string]struct {
		evidence event.Evidence
		want     event.State
	}{
		"alive":                   {event.Evidence{State: event.StateEstablished}, event.StateEstablished},
		"closed, noted":           {event.Evidence{State: event.StateClose, Prior: event.StateLastAck}, event.StateLastAck},
		"closed, not noted":       {event.Evidence{State: event.StateClose}, 0},
		"mini-socket, FIN_WAIT2":  {event.Evidence{State: event.StateTimeWait, Prior: event.StateFinWait2, Socket: event.SockTimeWait}, event.StateFinWait2},
		"mini-socket, TIME_WAIT":  {event.Evidence{State: event.StateTimeWait, Prior: event.StateTimeWait, Socket: event.SockTimeWait}, event.StateTimeWait},
		"alive with an old prior": {event.Evidence{State: event.StateListen, Prior: event.StateFinWait2}, event.StateListen},
		"no socket":               {event.Evidence{Socket: event.SockNone}, 0},
	} {
		if got := test.evidence.StateBefore(); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestDecodeProcesses(t *testing.T) {
	r := resetRecord{TimeNs: 5e9, Sk: 0xffff888000000040, Inode: 77, Cookie: 12, Cgroup: 4711, CurrentCgroup: 4712, CloserCgroup: 4713}
	r.Evidence.Hook = bpf.ContextHookHOOK_SEND_REPLY
	r.Conn.Error = uint32(unix.ECONNABORTED)
	r.Closing.TimeNs, r.Closing.Unread, r.Closing.By, r.Closing.ByClose = 3e9, 1, bpf.ContextEndedByBY_TIMEOUT, 1
	r.Closing.From, r.Closing.To = uint8(event.StateCloseWait), uint8(event.StateLastAck)
	r.Closer = bpf.ContextProcess{Pid: 10, Tid: 11, Uid: 33, ExitStatus: 9, Known: 1, Exiting: 1, Comm: fixed("sixteen-bytes-xx")}
	// Not known: whatever else the record holds means nothing.
	r.Current = bpf.ContextProcess{Pid: 99, Comm: fixed("ksoftirqd/0")}
	s := testSession(event.Fentry)
	s.reader.clock.jiffy = 4 * time.Millisecond
	got := decodeOne(t, s, &r).Kernel
	want := event.KernelContext{
		Closer: event.Process{PID: 10, TID: 11, Comm: "sixteen-bytes-xx", UID: 33, Cgroup: 4713, Exiting: true, ExitStatus: 9},
		Socket: event.SocketRef{Address: 0xffff888000000040, Inode: 77, Cookie: 12},
		Cgroup: 4711, HookNanos: 5e9, PendingErrno: "ECONNABORTED",
		Closing: event.Closing{
			Ago: 2 * time.Second, Precision: 4 * time.Millisecond,
			From: event.StateCloseWait, To: event.StateLastAck, Unread: true, EndedBy: event.EndedByTimeout, OwnerClosed: true,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// In the same jiffy, and so not at an unknown time.
	r.Closing.TimeNs = 5e9
	if closing := decodeOne(t, s, &r).Kernel.Closing; closing.Ago <= 0 || closing.Ago >= closing.Precision {
		t.Errorf("closed just now: %+v", closing)
	}

	// Two CPUs' clocks may differ by a little: never a negative duration.
	r.Closing.TimeNs = 6e9
	if closing := decodeOne(t, testSession(event.Fentry), &r).Kernel.Closing; closing != (event.Closing{}) {
		t.Errorf("closed in the future: %+v", closing)
	}
}

func TestDecodeHolder(t *testing.T) {
	record := holderRecord{Kind: bpf.ContextRecordKindRECORD_HOLDER, Closed: 1, Sk: 0x40, Inode: 5, Cgroup: 4711}
	record.Process = bpf.ContextProcess{Pid: 7, Tid: 8, Known: 1, Kernel: 1, Comm: fixed("kworker/0:1")}
	var batch Batch
	if err := testSession(event.Fentry).decode(bytesOf(&record), &batch); err != nil {
		t.Fatal(err)
	}
	want := []event.Holder{{
		Socket:  event.SocketRef{Address: 0x40, Inode: 5},
		Process: event.Process{PID: 7, TID: 8, Comm: "kworker/0:1", Cgroup: 4711, Kernel: true},
		Closed:  true,
	}}
	if diff := cmp.Diff(want, batch.Holders); diff != "" || len(batch.Resets) != 0 {
		t.Errorf("%d resets, holders (-want +got):\n%s", len(batch.Resets), diff)
	}
}

func TestDecodeCgroup(t *testing.T) {
	record := cgroupRecord{Kind: bpf.ContextRecordKindRECORD_CGROUP, Id: 4711}
	for i, char := range []byte("/system.slice/a.service") {
		record.Path[i] = int8(char)
	}
	var batch Batch
	if err := testSession(event.Fentry).decode(bytesOf(&record), &batch); err != nil {
		t.Fatal(err)
	}
	want := []Cgroup{{ID: 4711, Path: "/system.slice/a.service"}}
	if diff := cmp.Diff(want, batch.Cgroups); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	batch.clear()
	if len(batch.Cgroups) != 0 {
		t.Error("the next batch has it again")
	}
}

// TestDecodeReusesBatch: what an earlier record left in the batch's memory must
// not shine through.
func TestDecodeReusesBatch(t *testing.T) {
	s := testSession(event.Fentry)
	batch := Batch{Resets: []event.Event{{Summary: "old", Owner: event.Owner{PID: 1, Source: event.FromCurrent}, Because: []string{"x"}}}}
	batch.Resets = batch.Resets[:0]
	r := resetRecord{Kind: bpf.ContextRecordKindRECORD_RESET}
	if err := s.decode(bytesOf(&r), &batch); err != nil {
		t.Fatal(err)
	}
	if e := batch.Resets[0]; e.Summary != "" || !e.Owner.IsZero() || e.Because != nil {
		t.Errorf("remains of an earlier event: %+v", e)
	}
}

func TestViewShort(t *testing.T) {
	sample := make([]byte, sizeOfReset)
	if _, err := view[resetRecord](sample); err != nil {
		t.Errorf("a record of the right size: %v", err)
	}
	_, err := view[resetRecord](sample[:sizeOfReset-1])
	if err == nil || !strings.Contains(err.Error(), "do not fit together") {
		t.Errorf("a short record: %v", err)
	}
}

// TestRecordsThatEndEarly: what a record lacks is zero, whatever the one before
// it had there.
func TestRecordsThatEndEarly(t *testing.T) {
	whole := resetRecord{Kind: bpf.ContextRecordKindRECORD_RESET, Inode: 42}
	whole.Tuple.LocalPort = 443
	whole.Current.Known, whole.Current.Pid = 1, 77
	whole.Connector.Known, whole.Connector.Pid = 1, 78
	raw := bytesOf(&whole)
	s := testSession(event.Fentry)
	for name, test := range map[string]struct {
		size               int
		inode              uint64
		current, connector bool
	}{
		"whole":          {sizeOfReset, 42, true, true},
		"without socket": {resetWithoutSocket, 0, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range 2 { // a longer record comes in between
				r, err := s.viewReset(raw[:test.size])
				if err != nil {
					t.Fatal(err)
				}
				if r.Tuple.LocalPort != 443 || r.Inode != test.inode || (r.Current.Pid == 77) != test.current ||
					(r.Connector.Known == 1) != test.connector {
					t.Errorf("time %d: %+v", i+1, r)
				}
				if _, err := s.viewReset(raw); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	for _, size := range []int{resetWithoutSocket - 8, resetWithoutSocket + 8, sizeOfReset - 8} {
		if _, err := s.viewReset(raw[:size]); err == nil {
			t.Errorf("a record of %d bytes is taken for whole", size)
		}
	}
}

func TestViewMisaligned(t *testing.T) {
	aligned := make([]uint64, sizeOfHolder/8+2)
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&aligned[0])), len(aligned)*8)

	here, err := view[holderRecord](raw)
	if err != nil || unsafe.Pointer(here) != unsafe.Pointer(&raw[0]) {
		t.Errorf("an aligned record was copied, error %v", err)
	}
	want := holderRecord{Sk: 0x1122334455667788, Inode: 42}
	copy(raw[4:], bytesOf(&want))
	copied, err := view[holderRecord](raw[4 : 4+sizeOfHolder])
	if err != nil {
		t.Fatal(err)
	}
	clear(raw)
	if copied.Sk != want.Sk || copied.Inode != want.Inode {
		t.Errorf("a misaligned record was not copied: %+v", copied)
	}
}
