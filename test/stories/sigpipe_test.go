package stories

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// checkSIGPIPE: what rsttrace says of SIGPIPE is what the process does with it, and nobody is
// told to ignore what he ignores or catches.
func (s *story) checkSIGPIPE(events []event.Event) {
	s.Helper()
	for _, e := range events {
		if !e.App.SIGPIPE || e.Owner.PID == 0 {
			continue
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.Owner.PID))
		if err != nil {
			continue // it has ended
		}
		does := sigpipeOf(string(status))
		if does == "" {
			continue // a zombie
		}
		if e.Owner.SIGPIPE != does {
			s.Errorf("event %d: SIGPIPE is %q for %s, /proc says %q", e.ID, e.Owner.SIGPIPE, e.Owner.Comm, does)
		}
		if does != event.SignalDefault && strings.Contains(strings.ToLower(e.Remedy), "ignore sigpipe") {
			s.Errorf("event %d: %s has SIGPIPE %s, and is told: %s", e.ID, e.Owner.Comm, does, e.Remedy)
		}
	}
}

var signalSets = regexp.MustCompile(`(?m)^Sig(Ign|Cgt):\t([0-9a-f]+)$`)

// sigpipeOf reads what a process does with SIGPIPE, "" if that is not there.
func sigpipeOf(status string) event.SignalAction {
	sets := signalSets.FindAllStringSubmatch(status, -1)
	if len(sets) == 0 {
		return ""
	}
	does := event.SignalDefault
	for _, set := range sets {
		mask, err := strconv.ParseUint(set[2], 16, 64)
		if err != nil || mask>>(unix.SIGPIPE-1)&1 == 0 {
			continue
		}
		if set[1] == "Ign" {
			return event.SignalIgnored
		}
		does = event.SignalCaught
	}
	return does
}
