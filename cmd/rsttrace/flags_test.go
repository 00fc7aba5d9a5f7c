package main

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rsttrace/rsttrace/internal/cgroup"
)

// samples are good values of the flags of a trace, "" for those without one.
// Every flag must be here.
var samples = map[string]string{
	"direction": "sent", "cause": "closed-port", "host": "10.0.0.0/8", "port": "80,8000-8100", "netns": "own", "pid": "1",
	"comm": "nginx", "cgroup": "", "unit": "nginx", "container": "web-1", "pod": "shop/cart",
	"output": "json", "evidence": "", "each": "", "max-rate": "10", "summary": "", "top": "3", "stack": "", "self-cost": "",
	"attach": "fentry", "audit": "end", "count": "1", "duration": "1s", "interval": "1s", "ready-file": "/run/ready", "user": "root",
	"filter-file": "/dev/null", "explain-filter": "", "no-drops": "", "no-flow-memory": "", "no-followups": "", "see-packets": "", "ring-size": "64K",
	"write": "resets.pcapng", "rotate": "100M", "keep": "10", "host-name": "web-1",
}

// needed is what a flag means nothing without.
var needed = map[string][]string{"rotate": {"--write=resets.pcapng"}, "keep": {"--rotate=100M", "--write=resets.pcapng"}}

// checkTrace parses a command line of a trace as far as nothing is attached.
func checkTrace(args []string) error {
	var result error
	cmd, check := newTraceCommand()
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		_, result = check(cmd, args)
		return result
	}
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	cmd.SetArgs(args)
	cmd.SetOut(io.Discard)
	return cmd.Execute()
}

// argument is a flag with a value, as one argument.
func argument(t testing.TB, flag *pflag.Flag) string {
	value, known := samples[flag.Name]
	if !known {
		t.Fatalf("--%s has no sample: say what it contradicts", flag.Name)
	}
	if flag.Name == "cgroup" {
		hierarchies, err := cgroup.ReadHierarchies("")
		if err != nil || len(hierarchies.Paths()) == 0 {
			return "--unit=nginx" // this machine has no control group
		}
		value = slices.MaxFunc(hierarchies.Paths(), func(a, b string) int { return len(a) - len(b) })
		if value == "/" {
			return "--unit=nginx"
		}
	}
	if value == "" {
		return "--" + flag.Name
	}
	return "--" + flag.Name + "=" + value
}

// TestPairs goes through all pairs of flags: those that contradict each other are
// refused, and no others are.
func TestPairs(t *testing.T) {
	refused := []string{"count summary", "stack summary", "evidence summary", "each summary", "see-packets summary", "summary write", "rotate summary", "keep summary"}
	cmd, _ := newTraceCommand()
	var flags []*pflag.Flag
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if !flag.Hidden { // an old name of another
			flags = append(flags, flag)
		}
	})
	for i, one := range flags {
		for _, other := range flags[i:] {
			pair := []string{one.Name, other.Name}
			slices.Sort(pair)
			err := checkTrace(slices.Concat(needed[one.Name], needed[other.Name], []string{argument(t, one), argument(t, other)}))
			if want := slices.Contains(refused, strings.Join(pair, " ")); (err != nil) != want {
				t.Errorf("%s: %v", strings.Join(pair, ", "), err)
			}
			var usage usageError
			if err != nil && !errors.As(err, &usage) {
				t.Errorf("%s is no wrong usage: %v", strings.Join(pair, ", "), err)
			}
		}
	}
}

// TestEmptyValues: a variable that is not set is a mistake, and no filter.
func TestEmptyValues(t *testing.T) {
	root := newRoot()
	for _, cmd := range append(root.Commands(), root) {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if flag.Value.Type() == "bool" {
				return
			}
			values := []string{"", " ", ","}
			if testing.Short() {
				values = values[:1] // each starts a program
			}
			for _, value := range values {
				var args []string
				if cmd != root {
					args = append(args, cmd.Name())
				}
				switch cmd.Name() {
				case "read", "join":
					args = append(args, os.DevNull)
				case "report":
					args = append(args, os.DevNull, "-o", os.DevNull)
				}
				if flag.Name == "filter" && value == "," {
					continue // an error of three lines, see TestFilterError
				}
				args = append(args, "--"+flag.Name+"="+value)
				if flag.Value.Type() == "file" || flag.Value.Type() == "folder" {
					if value != "" {
						continue // a strange name, and yet one
					}
				}
				checkFailure(t, command(t, args...), exitUsage, "--"+flag.Name)
			}
		})
	}
}

// TestStrangeNames: whatever a process or a container can be called can be given.
func TestStrangeNames(t *testing.T) {
	for _, args := range [][]string{
		{"--comm", `a"b`}, {"--comm", `"`}, {"--comm", "two\nlines"}, {"--comm", `a\,b`}, {"--comm", " x"},
		{"--container", `web"1`}, {"--unit", `dev-disk-by\x2dlabel.swap`},
	} {
		if err := checkTrace(args); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
	for _, args := range [][]string{{"--port", "80\nabc"}, {"--port", `"80"`}, {"--direction", "sent\nall"}, {"--netns", "own\nall"}} {
		if err := checkTrace(args); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

// FuzzFlags gives every flag of a trace any text: it is accepted or refused in a
// line, and a value of blanks is refused.
func FuzzFlags(f *testing.F) {
	var names []string
	for name := range samples {
		if name != "cgroup" { // it reads this machine: package filter has a target for it
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for i, name := range names {
		f.Add(uint8(i), samples[name])
		f.Add(uint8(i), "ɐ")
		f.Add(uint8(i), "")
	}
	f.Add(uint8(slices.Index(names, "ring-size")), "1ſK")
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		name := names[int(which)%len(names)]
		if strings.ContainsRune(text, 0) {
			t.Skip("no argument of a process holds a zero byte")
		}
		err := checkTrace([]string{"--" + name + "=" + text})
		var usage usageError
		switch {
		case err != nil && !errors.As(err, &usage):
			t.Errorf("--%s=%q is no wrong usage: %v", name, text, err)
		case err != nil && strings.ContainsAny(err.Error(), "\n\r"):
			t.Errorf("--%s=%q: an error of several lines: %q", name, text, err)
		case err == nil && text == "":
			t.Errorf("--%s= is accepted", name)
		}
	})
}
