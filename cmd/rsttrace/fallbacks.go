package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// reportFallbacks prints one line if a hook is not reached by the method that would
// have been best: which one is used instead, and what events lack. doctor has the
// reasons.
func reportFallbacks(stderr io.Writer, hooks []probe.HookStatus, forced event.Method) {
	var methods, lacks []string
	add := func(to []string, text string) []string {
		if slices.Contains(to, text) {
			return to
		}
		return append(to, text)
	}
	for _, h := range hooks {
		switch {
		case len(h.Refused) == 0:
		case h.Method != "":
			methods = add(methods, string(h.Method))
		case h.Lacks != "":
			lacks = add(lacks, h.Lacks)
		case forced != "":
			lacks = add(lacks, h.Function+" (--attach allows no other method)")
		default:
			lacks = add(lacks, h.Function)
		}
	}
	var parts []string
	if len(methods) > 0 {
		parts = append(parts, "uses "+strings.Join(methods, " and "))
	}
	if len(lacks) > 0 {
		parts = append(parts, "does not see "+strings.Join(lacks, "; "))
	}
	if len(parts) > 0 {
		fmt.Fprintf(stderr, "rsttrace: %s (why: rsttrace doctor)\n", strings.Join(parts, ", "))
	}
}
