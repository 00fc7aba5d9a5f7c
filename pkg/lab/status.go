package lab

import (
	"fmt"

	"github.com/rsttrace/rsttrace/internal/lab/actor"
)

// Status is how a process ended.
type Status struct {
	ExitCode int    // 128 and the number of the signal, as shells say it, if one ended it
	Signal   string // "SIGPIPE"
}

// String returns the exit code with the signal, if there was one.
func (s Status) String() string { return fmt.Sprint(actor.Status(s)) }
