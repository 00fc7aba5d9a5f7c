package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/rsttrace/rsttrace/internal/serve"
	"github.com/rsttrace/rsttrace/internal/yamlflags"
)

// operatePage has parts that come from the code. "make docs" writes them.
const operatePage = "../../docs/operate.md"

// TestOperatePage: settings, sinks and metrics are on the page as the program has them.
func TestOperatePage(t *testing.T) {
	content, err := os.ReadFile(operatePage)
	if err != nil {
		t.Fatal(err)
	}
	page := string(content)
	for name, text := range map[string]string{"settings": settingsTable(), "sinks": sinksTable(), "metrics": metricsTable()} {
		page = withPart(t, page, name, text)
	}
	if *updateGolden {
		if err := os.WriteFile(operatePage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(content), page); diff != "" {
		t.Errorf("docs/operate.md is old: run make docs (-page +program):\n%s", diff)
	}
}

// withPart replaces a part of a page.
func withPart(t *testing.T, page, name, text string) string {
	t.Helper()
	begin, end := "<!-- results: begin, "+name+", written by make docs -->\n", "<!-- results: end -->"
	before, rest, found := strings.Cut(page, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("docs/operate.md has no part %s", begin)
	}
	return before + begin + text + end + after
}

// inCell is a text as a cell of a table has it.
func inCell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func settingsTable() string {
	var b strings.Builder
	b.WriteString("| key | flag | what it does | default | changes while it runs |\n| --- | --- | --- | --- | --- |\n")
	flags := settingsOf()
	slices.SortStableFunc(flags, func(a, b *pflag.Flag) int { return strings.Compare(yamlflags.Key(a), yamlflags.Key(b)) })
	for _, flag := range flags {
		standard := ""
		if value := flag.DefValue; value != "" && value != "0s" && value != "false" {
			standard = "`" + value + "`"
		}
		changes := ""
		if reloads(flag.Name) {
			changes = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | `--%s` | %s | %s | %s |\n", yamlflags.Key(flag), flag.Name, inCell(flag.Usage), standard, changes)
	}
	return b.String()
}

func sinksTable() string {
	var b strings.Builder
	b.WriteString("| type | key | what it is | example |\n| --- | --- | --- | --- |\n")
	row := func(kind string, options []sinkOption) {
		for _, o := range options {
			help := o.help
			if o.needed {
				help += " (needed)"
			}
			fmt.Fprintf(&b, "| %s | `%s` | %s | `%s` |\n", kind, o.name, inCell(help), inCell(o.example))
		}
	}
	row("all", commonSinkOptions)
	for _, kind := range sinkTypes {
		row("`"+kind.name+"`: "+kind.help, kind.options)
	}
	return b.String()
}

func metricsTable() string {
	var b strings.Builder
	b.WriteString("| metric | type | labels | what it counts |\n| --- | --- | --- | --- |\n")
	for _, f := range serve.Families() {
		var labels []string
		for _, label := range f.Labels {
			labels = append(labels, "`"+label+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, f.Type, strings.Join(labels, " "), inCell(f.Help))
	}
	return b.String()
}
