package probe

import (
	"testing"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestKiller: who sent a signal is told only of a process that a signal ended.
func TestKiller(t *testing.T) {
	const killed, exited = 9, 3 << 8
	for name, test := range map[string]struct {
		status        uint32
		known, kernel uint8
		want          event.Killer
	}{
		"by a process":         {killed, 1, 0, event.Killer{PID: 7, Comm: "kill"}},
		"by the kernel":        {killed, 1, 1, event.Killer{PID: 7, Comm: "kill", Kernel: true}},
		"not known":            {killed, 0, 0, event.Killer{}},
		"memory had run out":   {killed | statusOOM, 1, 1, event.Killer{Kernel: true, OOM: true}},
		"exit code, no signal": {exited | statusOOM, 0, 0, event.Killer{}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, closed := range []bool{false, true} {
				r := resetRecord{Evidence: bpf.ContextEvidence{Hook: bpf.ContextHookHOOK_SEND_ACTIVE, Family: afINET}}
				dead := &r.Current
				if closed {
					dead = &r.Closer
				}
				dead.Pid, dead.Known, dead.Exiting, dead.ExitStatus = 5, 1, 1, test.status
				if test.known != 0 {
					r.Killer.Pid, r.Killer.Known, r.Killer.Kernel, r.Killer.Comm = 7, 1, test.kernel, fixed("kill")
				}
				e := decodeOne(t, testSession(event.Fentry), &r)
				got := e.Kernel.Current.KilledBy
				if closed {
					got = e.Kernel.Closer.KilledBy
				}
				if got != test.want {
					t.Errorf("%+v, want %+v", got, test.want)
				}
			}
		})
	}
}
