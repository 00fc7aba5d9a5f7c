package main

import (
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rsttrace/rsttrace/internal/prose"
)

// TestHelpIsInPlainWords reads what --help says of every command and flag.
func TestHelpIsInPlainWords(t *testing.T) {
	var texts []prose.Text
	seen := map[string]bool{} // several commands share flags
	add := func(text string) {
		if !seen[text] {
			seen[text] = true
			texts = append(texts, prose.Plain(text)...)
		}
	}
	var read func(*cobra.Command)
	read = func(cmd *cobra.Command) {
		add(cmd.Short)
		add(cmd.Long)
		cmd.Flags().VisitAll(func(f *pflag.Flag) { add(f.Usage) })
		for _, sub := range cmd.Commands() {
			read(sub)
		}
	}
	read(newRoot())
	prose.Require(t, "the help of the commands", texts)
}
