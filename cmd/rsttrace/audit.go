package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// auditFlag is --audit. It always takes a value: an optional one would make
// "--audit 10s" mean a command called 10s.
type auditFlag struct {
	on    bool
	every time.Duration // 0: at the end only
}

const auditAtEnd = "end"

func (a *auditFlag) register(cmd *cobra.Command) {
	cmd.Flags().Var(a, "audit", "compare events with the kernel's counters: at the end (end), or also at an interval such as 10s")
	complete(cmd, "audit", auditAtEnd, "10s", "1m")
}

func (a *auditFlag) Type() string { return "when" }

func (a *auditFlag) String() string {
	switch {
	case !a.on:
		return ""
	case a.every == 0:
		return auditAtEnd
	default:
		return a.every.String()
	}
}

func (a *auditFlag) Set(text string) error {
	if text == auditAtEnd {
		*a = auditFlag{on: true}
		return nil
	}
	every, err := time.ParseDuration(text)
	if err != nil || every < time.Second {
		return fmt.Errorf("%q is neither end nor an interval of at least 1s", text)
	}
	*a = auditFlag{on: true, every: every}
	return nil
}
