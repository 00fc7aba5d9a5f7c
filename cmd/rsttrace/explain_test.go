package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/finding"

	"github.com/rsttrace/rsttrace/pkg/cause"
)

var updateGolden = flag.Bool("update", false, "write the golden files of explain anew")

func TestExplainGolden(t *testing.T) {
	for name, args := range map[string][]string{
		"explain-list":                 {},
		"explain-unread-data-on-close": {"unread-data-on-close"},
		"explain-keep-alive-race":      {"keep-alive-race"},
		"explain-epipe":                {"EPIPE"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			cmd := newExplain()
			cmd.SetOut(&out)
			cmd.SetArgs(args)
			if err := cmd.Execute(); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".golden")
			if *updateGolden {
				if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), out.String()); diff != "" {
				t.Errorf("go test ./cmd/rsttrace -update writes it anew (-want +got):\n%s", diff)
			}
		})
	}
}

// TestExplainFits: only commands, which people copy, and single words may be
// longer than the line; no page is coloured outside a terminal.
func TestExplainFits(t *testing.T) {
	for entry := range cause.All() {
		p := newSheet(&bytes.Buffer{})
		p.entry(entry)
		page, _, _ := strings.Cut(p.buf.String(), "\nReproduce it\n")
		for line := range strings.Lines(page) {
			line = strings.TrimSuffix(line, "\n")
			if utf8.RuneCountInString(line) > sheetWidth && len(strings.Fields(line)) > 2 {
				t.Errorf("%s: line is too long: %s", entry.ID, line)
			}
			if strings.TrimRight(line, " ") != line || strings.Contains(line, "\x1b") {
				t.Errorf("%s: stray blanks or escapes: %q", entry.ID, line)
			}
		}
	}
}

// TestExplainOffersOnlyWhatExists: people type what a page tells them to.
func TestExplainOffersOnlyWhatExists(t *testing.T) {
	commands := []string{"python3 -c 1", "sudo rsttrace lab linger-zero unread-data", "sudo rsttrace lab linger-zero not-yet"}
	if diff := cmp.Diff(commands[:2], playable(commands)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestExplainErrors: each error has causes, and is found by its name and its text.
func TestExplainErrors(t *testing.T) {
	for _, one := range appErrors {
		if here, peer := one.causes(); len(here)+len(peer) == 0 {
			t.Errorf("no cause leads to %s", one.name)
		}
		if found := findError(strings.ToLower(one.name)); found == nil || found.name != one.name {
			t.Errorf("%s is not found", one.name)
		}
		if found := findError(one.text); found == nil || found.text != one.text {
			t.Errorf("%q is not found", one.text)
		}
	}
	if found := findError("closed-port"); found != nil {
		t.Errorf("a cause is taken for %s", found.name)
	}
}

// TestPatternsHaveCauses: the catalogue has every cause that a pattern names.
func TestPatternsHaveCauses(t *testing.T) {
	for p := range finding.All() {
		if got := entriesOf(p.Causes); len(got) != len(p.Causes) {
			t.Errorf("%s names %v, and %d of them are in the catalogue once", p.ID, p.Causes, len(got))
		}
	}
}

func TestExplainUnknownCause(t *testing.T) {
	for name, want := range map[string]string{
		"linger_zero":    "did you mean linger-zero?",
		"closed-prt":     "did you mean closed-port?",
		"keep-alive-rac": "did you mean keep-alive-race?",
		"econnrefsed":    "did you mean ECONNREFUSED?",
		"something-else": "rsttrace explain lists them all",
	} {
		_, err := findCause(name)
		var usage usageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("explain %s: %v, want a usage error with %q", name, err, want)
		}
	}
}

func TestExplainCompletes(t *testing.T) {
	root := newExplain()
	values, _ := root.ValidArgsFunction(root, nil, "")
	want := len(causeNames()) + len(slices.Collect(finding.All())) + len(appErrors) + 1 // and the fields of filters
	if len(values) != want {
		t.Errorf("%d pages offered, want %d", len(values), want)
	}
	if values, _ := root.ValidArgsFunction(root, []string{"refused"}, ""); len(values) != 0 {
		t.Errorf("a second cause is offered: %v", values)
	}
}

// TestSheetNumbersStayWhole: no line of a sheet ends inside a number, or before what
// it counts.
func TestSheetNumbersStayWhole(t *testing.T) {
	for width := 12; width < sheetWidthMax; width++ {
		p := sheet{width: width}
		p.wrap("-", 2*sheetIndent, "with 1 234 567 bytes, 12 ms after the last of them")
		for _, whole := range []string{"1 234 567 bytes", "12 ms"} {
			if !strings.Contains(p.buf.String(), whole) {
				t.Errorf("%d columns: %q is broken:\n%s", width, whole, p.buf.String())
			}
		}
	}
}
