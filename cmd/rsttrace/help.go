package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// setHelp replaces what cobra does for "help" and "completion" by what all other
// commands do: a wrong name is wrong usage.
func setHelp(root *cobra.Command) {
	help := &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show the help of a command",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return commandNames(root), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			found, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usageError{fmt.Errorf("no help for %q: there are %s", strings.Join(args, " "), strings.Join(commandNames(root), ", "))}
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
	root.SetHelpCommand(help)
	root.InitDefaultCompletionCmd()
	completion, _, err := root.Find([]string{"completion"})
	if err != nil {
		panic(err) // cobra has it no more: a mistake in this program
	}
	shells := subcommandNames(completion)
	completion.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError{fmt.Errorf("no completion for %q: there are %s", strings.Join(args, " "), strings.Join(shells, ", "))}
		}
		return nil
	}
	completion.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	for _, shell := range completion.Commands() {
		shell.Args = arguments(cobra.NoArgs)
	}
}

func commandNames(root *cobra.Command) []string {
	return slices.DeleteFunc(subcommandNames(root), func(name string) bool { return name == "help" })
}

func subcommandNames(parent *cobra.Command) (names []string) {
	for _, cmd := range parent.Commands() {
		if cmd.IsAvailableCommand() {
			names = append(names, cmd.Name())
		}
	}
	return names
}
