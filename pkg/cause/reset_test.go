package cause

import (
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestIsReset(t *testing.T) {
	const shut = event.FactShutRcv
	for _, tt := range []struct {
		name string
		e    event.Evidence
		want bool
	}{
		{"packet with RST", event.Evidence{State: event.StateFinWait2, Packet: event.RST, Facts: event.FactSeesPacket | shut}, true},
		{"packet without RST", event.Evidence{State: event.StateFinWait2, Packet: event.ACK, Facts: event.FactSeesPacket | shut}, false},
		{"packet without RST in ESTABLISHED", event.Evidence{State: event.StateEstablished, Packet: event.ACK, Facts: event.FactSeesPacket}, false},
		{"RST on a closed socket does nothing", event.Evidence{State: event.StateClose, Packet: event.RST, Facts: event.FactSeesPacket}, false},
		{"unseen on a closed socket", event.Evidence{State: event.StateClose}, false},
		{"unseen in SYN_SENT", event.Evidence{State: event.StateSynSent}, true},
		{"unseen in ESTABLISHED", event.Evidence{State: event.StateEstablished}, true},
		{"unseen in CLOSE_WAIT, no caller", event.Evidence{State: event.StateCloseWait, Facts: shut}, true},
		{"unseen in FIN_WAIT2 with the receiving side open", event.Evidence{State: event.StateFinWait2}, true},
		{"unseen in FIN_WAIT2 after close, no caller", event.Evidence{State: event.StateFinWait2, Facts: shut}, false},
		{"unseen in FIN_WAIT1 after close, caller not recognised", event.Evidence{State: event.StateFinWait1, Facts: shut, Caller: event.CallerOther}, false},
		{"tcp_validate_incoming", event.Evidence{State: event.StateFinWait2, Facts: shut, Caller: event.CallerValidateIncoming}, true},
		{"tcp_check_req", event.Evidence{State: event.StateFinWait1, Facts: shut, Caller: event.CallerCheckReq}, true},
		{"tcp_rcv_state_process", event.Evidence{State: event.StateFinWait2, Facts: shut, Caller: event.CallerRcvStateProcess}, false},
		{"tcp_rcv_state_process in CLOSE_WAIT", event.Evidence{State: event.StateCloseWait, Facts: shut, Caller: event.CallerRcvStateProcess}, false},
		{"tcp_rcv_state_process in SYN_SENT", event.Evidence{State: event.StateSynSent, Caller: event.CallerRcvStateProcess}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.e.Hook, tt.e.Socket = event.HookReceive, event.SockFull
			if got := IsReset(tt.e); got != tt.want {
				t.Errorf("IsReset = %v, want %v", got, tt.want)
			}
			if v := Classify(tt.e); !tt.want && v.Cause != Unclassified {
				t.Errorf("Classify says %s though no RST arrived", v.Cause)
			} else if tt.want && v.Cause == Unclassified {
				t.Error("a RST arrived and Classify does not know it")
			}
		})
	}
	for _, hook := range []event.Hook{event.HookSendActive, event.HookSendReply, event.HookReject, event.HookIgnore} {
		if !IsReset(event.Evidence{Hook: hook, State: event.StateClose}) {
			t.Errorf("%s: every event there is about a RST", hook)
		}
	}
}
