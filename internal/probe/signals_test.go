package probe

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestDecodeSignal(t *testing.T) {
	record := signalRecord{Kind: bpf.ContextRecordKindRECORD_SIGNAL, Fatal: 1, TimeNs: 5e9}
	record.Process = bpf.ContextProcess{Pid: 7, Tid: 8, Uid: 33, Known: 1, Comm: fixed("worker")}
	s := testSession(event.Tracepoint)
	var batch Batch
	if err := s.decode(bytesOf(&record), &batch); err != nil {
		t.Fatal(err)
	}
	want := []event.Signal{{
		Time:    s.reader.clock.wall(5e9),
		Process: event.Process{PID: 7, TID: 8, Comm: "worker", UID: 33},
		Fatal:   true,
	}}
	if diff := cmp.Diff(want, batch.Signals); diff != "" || len(batch.Resets) != 0 {
		t.Errorf("%d resets, signals (-want +got):\n%s", len(batch.Resets), diff)
	}
	if batch.clear(); len(batch.Signals) != 0 {
		t.Error("a signal stays in the batch")
	}
}
