package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

const causesIntro = `<!-- Generated from pkg/cause by "make docs". Do not edit. -->
# Causes

Every RST that rsttrace reports has exactly one of these causes. The ids are a contract: JSON, filters and
` + "`rsttrace explain CAUSE`" + `, which prints these pages in a terminal, use them.

`

// groups are the directions in the order of the page.
var groups = []struct {
	dir          event.Dir
	title, intro string
}{
	{event.Sent, "Sent", "This machine put a RST on the wire."},
	{event.Received, "Received", "An incoming RST ended or refused a connection."},
	{event.Ignored, "Ignored", "An incoming RST was seen and not obeyed."},
	{event.Observed, "Observed", "A capture shows the RST: see [what a capture alone can show](wire.md). No live event has these causes."},
	{"", "Any direction", "Evidence that fits no cause. It is printed in full and counts as a bug."},
}

func causesPage() string {
	var page strings.Builder
	page.WriteString(causesIntro)
	for _, group := range groups {
		fmt.Fprintf(&page, "**%s.** %s\n\n| cause | what happened | what to do |\n| --- | --- | --- |\n", group.title, group.intro)
		for _, id := range cause.IDs(group.dir) {
			entry, _ := cause.Lookup(id)
			fmt.Fprintf(&page, "| [`%s`](#%s) | %s | %s |\n", id, id, cell(entry.Title), cell(entry.Remedy))
		}
		page.WriteByte('\n')
	}
	for _, group := range groups {
		fmt.Fprintf(&page, "## %s\n\n", group.title)
		for _, id := range cause.IDs(group.dir) {
			entry, _ := cause.Lookup(id)
			writeCause(&page, entry)
		}
	}
	return strings.TrimSuffix(page.String(), "\n")
}

func writeCause(page *strings.Builder, e cause.Entry) {
	fmt.Fprintf(page, "### %s\n\n**%s.** %s\n\n", e.ID, prose(upper(e.Title)), prose(e.Meaning))
	page.WriteString("| | |\n| --- | --- |\n")
	for _, row := range []struct{ title, text string }{
		{"in the kernel", e.KernelPath},
		{"on the wire", e.OnTheWire},
		{"the application here", e.AppHere},
		{"the application at the other end", e.AppPeer},
	} {
		fmt.Fprintf(page, "| %s | %s |\n", row.title, cell(row.text))
	}
	fmt.Fprintf(page, "\n%s.\n\n", prose(e.Remedy))
	writeItems(page, e.Fix)
	if commands := playable(e.Reproduce); len(commands) > 0 {
		fmt.Fprintf(page, "```sh\n%s\n```\n\n", strings.Join(commands, "\n"))
	}
	fmt.Fprintf(page, "Sources: %s.\n\n", prose(strings.Join(e.Sources, "; ")))
}

// playable leaves out commands for scenarios that the lab does not have yet.
func playable(commands []string) []string {
	return slices.DeleteFunc(slices.Clone(commands), func(command string) bool {
		names, isLab := strings.CutPrefix(command, "sudo rsttrace lab ")
		return isLab && slices.ContainsFunc(strings.Fields(names), func(name string) bool {
			_, exists := lab.Find(name)
			return !exists
		})
	})
}

func writeItems(page *strings.Builder, items []string) {
	for _, item := range items {
		fmt.Fprintf(page, "- %s\n", prose(item))
	}
	if len(items) > 0 {
		page.WriteByte('\n')
	}
}

func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// cell is prose for a table.
func cell(text string) string { return strings.ReplaceAll(prose(text), "|", `\|`) }

// prose keeps Markdown from reading characters of the text as its own: "x < y".
// Text in backquotes is left alone.
func prose(text string) string {
	parts := strings.Split(text, "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = markup.Replace(parts[i])
	}
	return strings.Join(parts, "`")
}

// Underscores inside words and brackets without a target mean nothing to it.
var markup = strings.NewReplacer(`*`, `\*`, `<`, `&lt;`)
