// Package manpage writes manual pages from a tree of commands, for packages.
//
//	for name, page := range manpage.Pages(root) // "rsttrace-serve.1"
//
// It exists because the generator of cobra reads the help as Markdown. There a star or
// an underscore in a filter becomes italics, and a table becomes a paragraph.
package manpage

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Pages are the pages of a command and of all below it, by the names of their files.
func Pages(root *cobra.Command) map[string]string {
	pages := map[string]string{}
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		pages[fileName(cmd)] = page(cmd)
		for _, sub := range subcommands(cmd) {
			visit(sub)
		}
	}
	visit(root)
	return pages
}

// fileName is rsttrace-serve.1 of "rsttrace serve".
func fileName(cmd *cobra.Command) string { return title(cmd) + ".1" }

func title(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// subcommands are those that have a page. What cobra makes itself is in the page of its parent.
func subcommands(cmd *cobra.Command) (subs []*cobra.Command) {
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" && sub.Name() != "completion" {
			subs = append(subs, sub)
		}
	}
	return subs
}

func page(cmd *cobra.Command) string {
	cmd.InitDefaultHelpFlag()
	w := &writer{}
	// No date: the page is the same whenever it is made.
	w.request("TH", strings.ToUpper(title(cmd)), "1", "", cmd.Root().Name(), "")
	w.request("nh") // a word that is broken cannot be copied
	w.section("NAME")
	w.line(title(cmd) + ` \- ` + escape(cmd.Short))
	w.section("SYNOPSIS")
	w.synopsis(cmd)
	w.section("DESCRIPTION")
	w.text(cmd.Long)
	if subs := subcommands(cmd); len(subs) > 0 {
		w.section("COMMANDS")
		for _, sub := range subs {
			w.item(`\fB`+escape(sub.Name())+`\fR`, sub.Short)
		}
	}
	w.section("OPTIONS")
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			w.item(flagNames(f), flagHelp(f))
		}
	})
	if cmd.Example != "" {
		w.section("EXAMPLES")
		w.literal(unindent(cmd.Example))
	}
	w.seeAlso(cmd)
	return w.String()
}

// flagNames is "-w, --write file" with its fonts.
func flagNames(f *pflag.Flag) string {
	names := `\fB` + escape("--"+f.Name) + `\fR`
	if f.Shorthand != "" {
		names = `\fB` + escape("-"+f.Shorthand) + `\fR, ` + names
	}
	if kind, _ := pflag.UnquoteUsage(f); kind != "" {
		names += ` \fI` + escape(kind) + `\fR`
	}
	return names
}

func flagHelp(f *pflag.Flag) string {
	_, help := pflag.UnquoteUsage(f)
	switch f.DefValue {
	case "", "false", "0", "0s", "[]":
		return help
	}
	return fmt.Sprintf("%s (default %s)", help, f.DefValue)
}
