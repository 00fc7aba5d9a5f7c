package main

import (
	"bytes"
	"errors"
	"testing"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestFallbacksAreOneLine: the start says in a line what is not as it should be, and
// nothing where all is.
func TestFallbacksAreOneLine(t *testing.T) {
	refused := []probe.Refusal{{Method: event.Fentry, Step: "load", Err: errors.New("operation not permitted")}}
	for _, test := range []struct {
		hooks []probe.HookStatus
		want  string
	}{
		{[]probe.HookStatus{{Hook: "receive", Function: "tcp_reset", Method: event.Fentry}}, ""},
		{[]probe.HookStatus{
			{Hook: "receive", Function: "tcp_reset", Method: event.Tracepoint, Refused: refused},
			{Hook: "send-active", Function: "tcp_send_active_reset", Method: event.Tracepoint, Refused: refused},
			{Hook: "reject", Function: "nf_send_reset", Refused: refused, Lacks: "resets that firewall rules send"},
			{Hook: "reject", Function: "nf_send_reset6", Refused: refused, Lacks: "resets that firewall rules send"},
		}, "rsttrace: uses tracepoint, does not see resets that firewall rules send (why: rsttrace doctor)\n"},
	} {
		var out bytes.Buffer
		reportFallbacks(&out, test.hooks, "")
		if out.String() != test.want {
			t.Errorf("%q, want %q", out.String(), test.want)
		}
	}
}
