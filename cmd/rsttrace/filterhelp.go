package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/internal/nearest"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// checkCommand refuses a single word that is neither a command nor a filter.
func checkCommand(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return checkCommandWithFiles(cmd, args)
	}
	if len(args) == 0 || strings.ContainsFunc(args[0], func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') }) {
		return nil
	}
	var known []string
	for _, f := range filter.Fields() {
		if f.Name == args[0] {
			return nil
		}
		known = append(known, f.Name)
	}
	for _, command := range cmd.Root().Commands() {
		known = append(known, command.Name())
	}
	hint := "rsttrace --help lists commands, rsttrace explain filter the fields of filters"
	if near := nearest.Suggest(args[0], known, nil); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError{fmt.Errorf("unknown command %q, and no filter: %s", args[0], hint)}
}

// checkCommandWithFiles refuses words of which the first one is nearly a command.
func checkCommandWithFiles(cmd *cobra.Command, args []string) error {
	if slices.ContainsFunc(filter.Fields(), func(f *filter.Field) bool { return f.Name == args[0] }) {
		return nil
	}
	var known []string
	for _, command := range cmd.Root().Commands() {
		known = append(known, command.Name())
	}
	for _, near := range nearest.Suggest(args[0], known, nil) {
		if nearest.Distance(args[0], near) == 1 {
			return usageError{fmt.Errorf("unknown command %q, and no filter: did you mean rsttrace %s %s?", args[0], near, strings.Join(args[1:], " "))}
		}
	}
	return nil
}

// printParts says who decides each part of a filter.
func printParts(out io.Writer, wanted *filter.Filter) error {
	parts := wanted.Parts()
	if len(parts) == 0 {
		_, err := fmt.Fprintln(out, "every event matches")
		return err
	}
	width := 0
	for _, part := range parts {
		width = max(width, len(part.Filter))
	}
	for _, part := range parts {
		if _, err := fmt.Fprintf(out, "%-*s  %s\n", width, part.Filter, part.Decides); err != nil {
			return err
		}
	}
	return nil
}

// printFields lists what a filter can ask for.
func printFields(out io.Writer) error {
	var text strings.Builder
	text.WriteString(`A filter is made of tests, joined with and, or, not and parentheses:

    rsttrace 'sent and port 443 and not comm nginx'
    rsttrace 'cause in (peer-gone, half-open) and silence > 300s'

A test is a field with a value, or one of these words alone. Without an operator
a field is compared with =. There are = != ~ (regular expression) for names,
and = != < <= > >= for numbers. "in (a, b)" takes any of several values, and
"has FIELD" asks whether a field is known. A field that an event does not have
matches nothing. Names with blanks or signs are quoted: comm "tmux: server".
# begins a comment. Names are written as rsttrace prints them.

`)
	width := 0
	for _, f := range filter.Fields() {
		width = max(width, len(f.Name))
	}
	for _, f := range filter.Fields() {
		fmt.Fprintf(&text, "  %-*s  %s", width, f.Name, f.Help)
		if f.Example != f.Name {
			fmt.Fprintf(&text, ": %s", f.Example)
		}
		text.WriteByte('\n')
	}
	_, err := io.WriteString(out, text.String())
	return err
}
