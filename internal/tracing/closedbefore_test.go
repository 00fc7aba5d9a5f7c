package tracing

import (
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestClosedBefore: a close comes before each packet that met it. The packet may have
// waited for the end of the very call that closed. What the call itself does is no
// second end.
func TestClosedBefore(t *testing.T) {
	for _, test := range []struct {
		name  string
		hook  event.Hook
		facts event.Facts
		by    event.ProcessRef
		want  bool
	}{
		{"a packet after the close", event.HookSendReply, event.FactDead, event.ProcessRef{}, true},
		{"a packet that waited for the end of close", event.HookSendReply, event.FactDead | event.FactOwned, event.ProcessRef{}, true},
		{"a RST that waited for the end of close", event.HookReceive, event.FactDead | event.FactOwned, event.ProcessRef{}, true},
		{"a timer", event.HookSendActive, event.FactDead, event.ProcessRef{}, true},
		{"close itself", event.HookSendActive, event.FactDead | event.FactOwned, event.ProcessRef{}, false},
		{"somebody else destroys it", event.HookSendActive, event.FactDead | event.FactOwned, event.ProcessRef{PID: 7}, true},
		{"a socket that a process still has", event.HookSendReply, 0, event.ProcessRef{}, false},
	} {
		e := event.Event{State: event.StateFinWait2, Initiator: event.Initiator{ProcessRef: test.by}, Evidence: event.Evidence{Hook: test.hook, Socket: event.SockFull, Facts: test.facts}}
		e.Kernel.Closing.To = event.StateFinWait1
		if got := closedBefore(&e); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}
