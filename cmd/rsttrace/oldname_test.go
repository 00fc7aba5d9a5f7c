package main

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// oldNames are the names of flags that scripts may still use.
var oldNames = map[string]string{"dir": "direction", "via": "attach", "ring": "ring-size", "stats": "self-cost"}

// TestOldNames: in every command that has the flag, its old name sets the same
// value, is not shown, and is not taken beside the new one.
func TestOldNames(t *testing.T) {
	root := newRoot()
	for old, name := range oldNames {
		found := 0
		for _, cmd := range append(root.Commands(), root) {
			flag, alias := cmd.Flags().Lookup(name), cmd.Flags().Lookup(old)
			if (flag == nil) != (alias == nil) {
				t.Errorf("%s has one of --%s and --%s", cmd.Name(), name, old)
			}
			if flag == nil || alias == nil {
				continue
			}
			found++
			if strings.Contains(cmd.UsageString(), "--"+old+" ") {
				t.Errorf("the help of %s shows --%s", cmd.Name(), old)
			}
			if samples[name] != "" {
				checkSets(t, cmd, old, flag.Value.String)
			}
		}
		if found == 0 {
			t.Errorf("no command has --%s", name)
		}
	}
}

func checkSets(t *testing.T, cmd *cobra.Command, old string, value func() string) {
	t.Helper()
	sample := samples[oldNames[old]]
	if err := cmd.Flags().Set(old, sample); err != nil {
		t.Errorf("%s --%s %s: %v", cmd.Name(), old, sample, err)
	}
	want := sample
	if old == "ring" {
		want = "65536"
	}
	if got := value(); got != want {
		t.Errorf("%s --%s %s sets %q", cmd.Name(), old, sample, got)
	}
}

// TestOldNamesInUse: a command line means the same by old names and new ones.
func TestOldNamesInUse(t *testing.T) {
	for _, test := range []struct{ old, now string }{
		{"--dir ignored --no-drops", "--direction ignored --no-drops"},
		{"--dir sent --cause refused", "--direction sent --cause refused"},
		{"--dir all --via fentry --ring 64K --stats --explain-filter", "--direction all --attach fentry --ring-size 64K --self-cost --explain-filter"},
		{"--cause netfilter-reject --via tracepoint", "--cause netfilter-reject --attach tracepoint"},
		{"lab --list --via fentry", "lab --list --attach fentry"},
		{"read /dev/null --dir sent", "read /dev/null --direction sent"},
	} {
		code, stderr := try(strings.Fields(test.old)...)
		wantCode, want := try(strings.Fields(test.now)...)
		if code != wantCode || stderr != want {
			t.Errorf("%s: exit code %d, %s\n%s: %d, %s", test.old, code, stderr, test.now, wantCode, want)
		}
	}
}

// TestBothNames: it is not clear which is meant.
func TestBothNames(t *testing.T) {
	for old, name := range oldNames {
		one, other := "--"+old, "--"+name
		if sample := samples[name]; sample != "" {
			one, other = one+"="+sample, other+"="+sample
		}
		for _, args := range [][]string{{one, other}, {other, one}} {
			var usage usageError
			err := checkTrace(args)
			if !errors.As(err, &usage) || !strings.Contains(err.Error(), "old name of --"+name) {
				t.Errorf("%s: %v", args, err)
			}
		}
	}
	if code, stderr := try("read", os.DevNull, "--dir=sent", "--direction=sent"); code != exitUsage {
		t.Errorf("read: exit code %d, %s", code, stderr)
	}
}

// TestOldNamesAreNotOffered: shells complete new names only.
func TestOldNamesAreNotOffered(t *testing.T) {
	var out strings.Builder
	if code := run([]string{"__complete", "--"}, &out, io.Discard); code != exitFine {
		t.Fatalf("exit code %d", code)
	}
	for old, name := range oldNames {
		if lines := "\n" + out.String(); strings.Contains(lines, "\n--"+old+"\t") || !strings.Contains(lines, "\n--"+name+"\t") {
			t.Errorf("--%s or not --%s is offered:\n%s", old, name, lines)
		}
	}
}

// try runs a command line in this process.
func try(args ...string) (code int, stderr string) {
	var problems strings.Builder
	code = run(args, io.Discard, &problems)
	return code, problems.String()
}
