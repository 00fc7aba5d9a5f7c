package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/probe"
)

// reportFallbacks prints one line for every hook that is not reached by the
// method that would have been best.
func reportFallbacks(stderr io.Writer, hooks []probe.HookStatus, forced event.Method) {
	for _, h := range hooks {
		if len(h.Refused) == 0 {
			continue
		}
		var refusals []string
		for _, r := range h.Refused {
			refusals = append(refusals, r.String())
		}
		outcome := "uses " + string(h.Method)
		switch {
		case h.Method == "" && h.Lacks != "":
			outcome = "events lack " + h.Lacks
		case h.Method == "" && forced != "":
			outcome = "not watched, because --via allows no other method"
		case h.Method == "":
			outcome = "not watched"
		}
		fmt.Fprintf(stderr, "rsttrace: %s: %s; %s\n", h.Function, strings.Join(refusals, ", "), outcome)
	}
}
