package audit

import (
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func rowsByCounter(rows []Row) map[string]Row {
	by := map[string]Row{}
	for _, row := range rows {
		by[row.Counter] = row
	}
	return by
}

func TestCheck(t *testing.T) {
	counts := Counts{
		{Dir: event.Sent, Cause: cause.LingerZero, Hook: event.HookSendActive, Socket: event.SockFull, State: event.StateEstablished}:     2,
		{Dir: event.Sent, Cause: cause.DataAfterClose, Hook: event.HookSendReply, Socket: event.SockTimeWait, State: event.StateFinWait2}: 3,
		{Dir: event.Sent, Cause: cause.DataAfterClose, Hook: event.HookSendReply, Socket: event.SockFull, State: event.StateFinWait2}:     1,
		{Dir: event.Sent, Cause: cause.NetfilterReject, Hook: event.HookReject, Socket: event.SockNone}:                                   5,
		{Dir: event.Received, Cause: cause.PeerAborted, Hook: event.HookReceive, Socket: event.SockFull, State: event.StateEstablished}:   4,
		{Dir: event.Received, Cause: cause.Refused, Hook: event.HookReceive, Socket: event.SockFull, State: event.StateSynSent}:           6,
		{Dir: event.Received, Cause: cause.PeerAborted, Hook: event.HookReceive, Socket: event.SockFull}:                                  1,
	}
	diff := Snapshot{
		"TcpOutRsts": 6, "TCPAbortOnData": 3, "TCPAbortOnClose": 0, "TcpEstabResets": 7, "TcpAttemptFails": 6,
		"TCPAbortOnTimeout": 1, "TCPAbortOnLinger": 0, "TCPAbortOnMemory": 0, "EmbryonicRsts": 0,
	}
	for counter, row := range rowsByCounter(Check(diff, counts)) {
		if !row.OK {
			t.Errorf("%s: kernel %d, events %d, perhaps %d", counter, row.Kernel, row.Counted, row.MayCount)
		}
		if wantExact := counter != "TCPAbortOnTimeout"; row.Exact != wantExact {
			t.Errorf("%s: exact is %t", counter, row.Exact)
		}
	}
}

// TestCheckFails: an event too few or too many is a contradiction.
func TestCheckFails(t *testing.T) {
	counts := Counts{{Dir: event.Sent, Cause: cause.ClosedPort, Hook: event.HookSendReply, Socket: event.SockNone}: 2}
	for _, kernel := range []uint64{1, 3} {
		row := rowsByCounter(Check(Snapshot{"TcpOutRsts": kernel}, counts))["TcpOutRsts"]
		if row.OK || row.Exact || row.Counted != 2 {
			t.Errorf("kernel %d: %+v", kernel, row)
		}
	}
	// Silent cases excuse what the kernel has more, never what it has less.
	counts = Counts{{Dir: event.Sent, Cause: cause.KeepaliveTimeout, Hook: event.HookSendActive, Socket: event.SockFull}: 2}
	if row := rowsByCounter(Check(Snapshot{"TCPAbortOnTimeout": 1}, counts))["TCPAbortOnTimeout"]; row.OK {
		t.Errorf("%+v", row)
	}
}

func TestCheckMentionsFailedAborts(t *testing.T) {
	if row, ok := rowsByCounter(Check(Snapshot{"TCPAbortFailed": 2}, nil))["TCPAbortFailed"]; !ok || row.Kernel != 2 || !row.OK {
		t.Errorf("%+v", row)
	}
	if rows := Check(Snapshot{"TCPAbortFailed": 0}, nil); len(rows) != 0 {
		t.Errorf("%+v", rows)
	}
}

func TestCountsAdd(t *testing.T) {
	counts := Counts{}
	e := &event.Event{Dir: event.Sent, Cause: cause.HalfOpen, Evidence: event.Evidence{Hook: event.HookSendReply, Socket: event.SockNone}}
	counts.Add(e)
	counts.Add(e)
	if n := counts[Key{Dir: event.Sent, Cause: cause.HalfOpen, Hook: event.HookSendReply, Socket: event.SockNone}]; n != 2 {
		t.Errorf("%v", counts)
	}
}

// TestDataEndsConnections: data that a connection cannot take ends it, and is
// counted as such where no FIN of ours had gone before.
func TestDataEndsConnections(t *testing.T) {
	for state, want := range map[event.State]uint64{event.StateCloseWait: 1, event.StateFinWait2: 0, event.StateLastAck: 0} {
		counts := make(Counts)
		counts.Add(&event.Event{
			Dir: event.Sent, Cause: cause.DataAfterClose, State: state,
			Evidence: event.Evidence{Hook: event.HookSendReply, Socket: event.SockFull},
		})
		for _, row := range Check(Snapshot{"TcpEstabResets": want}, counts) {
			if row.Counter == "TcpEstabResets" && (row.Counted != want || !row.Exact) {
				t.Errorf("%s: %d events make TcpEstabResets, want %d (%+v)", state, row.Counted, want, row)
			}
		}
	}
}
