package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
	for _, shell := range completion.Commands() {
		if shell.Name() == "powershell" {
			completion.RemoveCommand(shell)
			continue
		}
		shell.Args = arguments(cobra.NoArgs)
		shell.Short = "Print the script for " + shell.Name()
		shell.Long, shell.Example = "", completionExamples[shell.Name()]
	}
	completion.Short, completion.Long = "Print what lets a shell complete commands, flags and names", completionHelp
	completion.Example = "  rsttrace completion bash"
	shells := subcommandNames(completion)
	completion.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError{fmt.Errorf("no completion for %q: there are %s", strings.Join(args, " "), strings.Join(shells, ", "))}
		}
		return nil
	}
	completion.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	usage := root.UsageFunc()
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		describeFlags(cmd)
		return usage(cmd)
	})
}

const completionHelp = `completion prints a script for your shell. With it, the tab key completes commands,
flags, and names such as those of causes. The help of each shell shows how to load it.`

// completionExamples show how each shell loads the script.
var completionExamples = map[string]string{
	"bash": "  source <(rsttrace completion bash)                                   # for this shell\n  rsttrace completion bash >/etc/bash_completion.d/rsttrace            # for all, as root",
	"zsh":  "  source <(rsttrace completion zsh)                                    # for this shell\n  rsttrace completion zsh >/usr/share/zsh/vendor-completions/_rsttrace # for all, as root",
	"fish": "  rsttrace completion fish | source                                    # for this shell\n  rsttrace completion fish >/etc/fish/completions/rsttrace.fish        # for all, as root",
}

// kinds are what help calls the values of flags, by what Go calls them.
var kinds = map[string]string{"int": "number", "uint": "number", "uint32": "number", "uint64": "number", "duration": "time", "string": "text"}

// describeFlags names the values of flags in words for people. It is for help, which ends
// the program: what Go calls them is not known afterwards.
func describeFlags(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if kind := kinds[flag.Value.Type()]; kind != "" {
			flag.Value = described{flag.Value, kind}
		}
		if flag.DefValue == "0s" {
			flag.DefValue = "" // the default says nothing
		}
		if flag.Name == "help" {
			flag.Usage = "show this help"
		}
	})
}

// described is a value that help calls by another name.
type described struct {
	pflag.Value
	kind string
}

// Type is part of pflag.Value.
func (d described) Type() string { return d.kind }
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
