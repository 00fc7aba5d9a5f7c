package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// reportFallbacks prints a line for the hooks that are not reached by the method
// that would have been best. Hooks with one story share a line.
func reportFallbacks(stderr io.Writer, hooks []probe.HookStatus, forced event.Method) {
	functions := make(map[string][]string)
	var stories []string // in order
	for _, h := range hooks {
		if len(h.Refused) == 0 {
			continue
		}
		text := story(h, forced)
		if functions[text] == nil {
			stories = append(stories, text)
		}
		functions[text] = append(functions[text], h.Function)
	}
	for _, text := range stories {
		fmt.Fprintf(stderr, "rsttrace: %s: %s\n", strings.Join(functions[text], ", "), text)
	}
}

// story says what was refused, where and why, and what follows.
func story(h probe.HookStatus, forced event.Method) string {
	var refusals []string
	for _, r := range h.Refused {
		refusals = append(refusals, r.String())
	}
	outcome := "uses " + string(h.Method)
	switch {
	case h.Method == "" && h.Lacks != "":
		outcome = "events lack " + h.Lacks
	case h.Method == "" && forced != "":
		outcome = "not watched, because --attach allows no other method"
	case h.Method == "":
		outcome = "not watched"
	}
	return strings.Join(refusals, ", ") + "; " + outcome
}
