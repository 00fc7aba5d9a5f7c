package main

import (
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestStageNumbers: events on the stage are numbered by themselves, and lines refer
// to what is on the stage.
func TestStageNumbers(t *testing.T) {
	var n shownNumbers
	n.forget()
	first := event.Event{ID: 70, PeerEvent: 75}
	n.number(&first)
	echo := event.Event{
		ID: 90, PeerEvent: 70, Earlier: event.Earlier{Event: 70, AgoMillis: 12},
		Evidence: event.Evidence{
			Hook: event.HookSendReply, Socket: event.SockNone, Packet: event.ACK, Family: event.IPv4,
			Facts: event.FactSeesPacket | event.FactRemembered,
		},
	}
	echo.Kernel.Closing = event.Closing{Ago: 12 * time.Millisecond, From: event.StateEstablished, To: event.StateClose, EndedBy: event.EndedByReset}
	n.number(&echo)
	if first.ID != 1 || first.PeerEvent != 0 || echo.ID != 2 || echo.PeerEvent != 1 || echo.Earlier.Event != 1 {
		t.Errorf("%d (%d), %d (%d, %d), want 1 (0), 2 (1, 1)", first.ID, first.PeerEvent, echo.ID, echo.PeerEvent, echo.Earlier.Event)
	}
	if words := echo.Summary + echo.Remedy; !strings.Contains(words, "#1,") || strings.Contains(words, "#70") {
		t.Errorf("%s: %q, want #1", echo.Cause, words)
	}
}
