package probe

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestDecodeError: an error finds its event by socket and time, both.
func TestDecodeError(t *testing.T) {
	const socket, hook = 0x40, 5e9
	s := testSession(event.Tracepoint)
	var batch Batch
	add := func(socket, time uint64) {
		r := resetRecord{Kind: bpf.ContextRecordKindRECORD_RESET, Sk: socket, TimeNs: time}
		if err := s.decode(bytesOf(&r), &batch); err != nil {
			t.Fatal(err)
		}
	}
	add(socket, hook-1) // an earlier one of the same address
	add(socket, hook)
	add(socket+0x40, hook) // at the same time, elsewhere
	record := errorRecord{
		Kind: bpf.ContextRecordKindRECORD_ERROR, Error: uint32(unix.EPIPE),
		TimeNs: hook + 3000, ResetSk: socket, ResetTimeNs: hook,
	}
	if err := s.decode(bytesOf(&record), &batch); err != nil {
		t.Fatal(err)
	}
	var got []event.SocketError
	for _, e := range batch.Resets {
		got = append(got, e.Kernel.ReportedError)
	}
	said := event.SocketError{Errno: "EPIPE", After: 3 * time.Microsecond}
	if diff := cmp.Diff([]event.SocketError{{}, said, {}}, got); diff != "" || len(batch.Errors) != 0 {
		t.Errorf("%d late, (-want +got):\n%s", len(batch.Errors), diff)
	}

	batch.clear()
	if err := s.decode(bytesOf(&record), &batch); err != nil {
		t.Fatal(err)
	}
	want := []event.LateError{{SocketError: said, Time: s.reader.clock.wall(hook + 3000), Socket: socket, HookNanos: hook}}
	if diff := cmp.Diff(want, batch.Errors); diff != "" {
		t.Errorf("late (-want +got):\n%s", diff)
	}
	if batch.clear(); len(batch.Errors) != 0 {
		t.Error("an error stays in the batch")
	}
}

// TestErrorIsReported: the kernel's own word on a refused connect.
func TestErrorIsReported(t *testing.T) {
	for _, test := range []struct {
		name    string
		options Options
		want    string
	}{
		{"by default", Options{}, "ECONNREFUSED"},
		{"not asked for", Options{NoFollowups: true}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			namespace := newNamespace(t)
			s := openSession(t, test.options)
			if !s.kernel.reportsErrors {
				t.Skip("this kernel has no tracepoint inet_sk_error_report (Linux 5.14)")
			}
			if s.Visibility().Errors != (test.want != "") {
				t.Errorf("errors are seen: %t", s.Visibility().Errors)
			}
			refuseConnects(t, namespace, 3)
			received := 0
			for _, e := range readAll(t, s) {
				if e.Netns.Inode != namespace.Inode() || e.Evidence.Hook != event.HookReceive {
					continue
				}
				received++
				if got := e.Kernel.ReportedError; got.Errno != test.want || (got.After > 0) != (test.want != "") {
					t.Errorf("%+v, want %q", got, test.want)
				}
			}
			if received != 3 {
				t.Errorf("%d received resets, want 3", received)
			}
		})
	}
}

// TestErrorsAreLimited: a storm of details is not followed by as many errors.
func TestErrorsAreLimited(t *testing.T) {
	const connects, perWindow = 40_000, 1024 // on a CPU
	s, _ := storm(t, connects, Options{RingSize: 64 << 20})
	if !s.kernel.reportsErrors {
		t.Skip("this kernel has no tracepoint inet_sk_error_report (Linux 5.14)")
	}
	var reported, first, last uint64
	for _, e := range readAll(t, s) {
		if e.Kernel.ReportedError.Errno == "" {
			continue
		}
		if reported == 0 {
			first = e.Kernel.HookNanos
		}
		reported++
		last = max(last, e.Kernel.HookNanos)
	}
	if reported == 0 {
		t.Fatal("no error was reported")
	}
	jiffy := jiffyLength()
	windows := (last-first)/uint64(jiffy<<windowShift(jiffy)) + 2 // the first and the last are parts
	most := windows * perWindow * uint64(len(allowedCPUs(t)))
	most += most / 100 // a softirq in the middle may let one more through
	if most >= connects {
		t.Skipf("this machine is too slow for a storm: %d resets in parts of %d windows", connects, windows)
	}
	if reported > most {
		t.Errorf("%d errors of %d resets in parts of %d windows, at most %d are due", reported, connects, windows, most)
	}
}
