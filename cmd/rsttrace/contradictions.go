package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// contradiction is two flags of which one leaves the other nothing to do.
type contradiction struct{ one, other, advice string }

var contradictions = []contradiction{
	{"summary", "count", "a summary shows no event to count; use --duration"},
	{"summary", "stack", "a summary shows no event that could have a stack; leave one out"},
	{"summary", "each", "a summary shows no event; leave one out"},
	{"summary", "write", "a summary shows no event to record; leave one out"},
	{"summary", "evidence", "a summary shows no event that could have evidence; leave one out"},
	{"summary", "see-packets", "a summary shows no event that could have a packet; leave one out"},
	{"list", "output", "the list of scenarios is text; leave one out"},
	{"list", "evidence", "the list of scenarios has no events; leave one out"},
	{"list", "attach", "to list scenarios attaches nothing; leave one out"},
}

// checkPairs refuses flags that contradict each other whatever their values.
func checkPairs(cmd *cobra.Command) error {
	on := func(name string) bool {
		flag := cmd.Flags().Lookup(name)
		return flag != nil && flag.Changed && flag.Value.String() != "false"
	}
	for _, c := range contradictions {
		if on(c.one) && on(c.other) {
			return usageError{fmt.Errorf("--%s, --%s: %s", c.one, c.other, c.advice)}
		}
	}
	return nil
}

// checkPositive refuses a limit of 0: with it a run never ends, or shows nothing.
func checkPositive(cmd *cobra.Command, names ...string) error {
	for _, name := range names {
		flag := cmd.Flags().Lookup(name)
		if !flag.Changed {
			continue
		}
		switch text := flag.Value.String(); {
		case strings.HasPrefix(text, "-"):
			return usageError{fmt.Errorf("--%s %s: must not be negative", name, text)}
		case text == "0", text == "0s":
			return usageError{fmt.Errorf("--%s %s: want more than 0, or leave it out", name, text)}
		}
	}
	return nil
}

// checkSeen refuses filters that no event can pass.
func (f *sessionFlags) checkSeen(wanted *filter.Filter) error {
	dirs := wanted.Selection().Dirs
	if len(dirs) > 0 && !slices.ContainsFunc(dirs, func(d event.Dir) bool { return d != event.Observed }) {
		return errors.New("--direction observed: only a capture has such events: rsttrace read FILE")
	}
	others := func(d event.Dir) bool { return d != event.Ignored }
	if f.noDrops && len(dirs) > 0 && !slices.ContainsFunc(dirs, others) {
		return errors.New("--direction ignored, --no-drops: without dropped packets hardly any ignored RST is seen; leave one out")
	}
	var why error
	for _, value := range wanted.Values("cause") {
		problem := f.unseen(event.CauseID(value), dirs)
		if problem == nil {
			return nil
		}
		if why == nil {
			why = problem
		}
	}
	if why == nil && !matchesSomeCause(wanted) {
		why = errors.New("no event can match this filter: its causes and directions exclude each other")
	}
	return why
}

// matchesSomeCause reports whether there is a cause whose events may match.
func matchesSomeCause(wanted *filter.Filter) bool {
	for entry := range cause.All() {
		for _, dir := range event.Dirs {
			for _, certainty := range []event.Certainty{event.Exact, event.Likely} {
				e := event.Event{Dir: dir, Cause: entry.ID, Certainty: certainty}
				if (entry.Dir == "" || entry.Dir == dir) && wanted.Decide(&e, filter.KnowsVerdict) != filter.No {
					return true
				}
			}
		}
	}
	return false
}

// unseen says why no event can have a cause, nil if one can.
func (f *sessionFlags) unseen(id event.CauseID, dirs []event.Dir) error {
	entry, _ := cause.Lookup(id)
	switch {
	case entry.Dir == event.Observed:
		return fmt.Errorf("--cause %s: only a capture has such events: rsttrace read FILE", id)
	case entry.Dir != "" && len(dirs) > 0 && !slices.Contains(dirs, entry.Dir):
		return fmt.Errorf("--cause %s: that is a cause of %s RSTs only; add --direction %s", id, entry.Dir, entry.Dir)
	case id == cause.ClosedEarlier && f.noMemory:
		return fmt.Errorf("--cause %s, --no-flow-memory: without notes of closed connections it is reported as %s; leave one out", id, cause.HalfOpen)
	case id == cause.TimeWaitKilled && f.noDrops:
		return fmt.Errorf("--cause %s, --no-drops: it is seen only where the kernel drops the packet; leave one out", id)
	case id == cause.NetfilterReject && f.attach.method == event.Tracepoint:
		return fmt.Errorf("--cause %s, --attach tracepoint: no tracepoint shows it; leave one out", id)
	}
	return nil
}

// reportUselessFilters says which filters change nothing under --summary: they
// choose what is shown, and totals are of the whole host. --direction does more: it
// decides whether ignored RSTs are looked at.
func reportUselessFilters(cmd *cobra.Command, args []string) {
	var given []string
	if len(args) > 0 {
		given = append(given, "the filter")
	}
	for _, name := range []string{"cause", "host", "port", "netns", "pid", "comm", "cgroup", "unit", "container", "pod", "filter-file"} {
		if cmd.Flags().Changed(name) {
			given = append(given, "--"+name)
		}
	}
	if len(given) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "rsttrace: --summary counts the whole host, whatever %s says\n", strings.Join(given, ", "))
	}
}
