package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// oldName lets a flag be given by the name that it had before. That name is in no
// help and no completion. Both names at once are wrong usage: one of them would be
// forgotten.
func oldName(cmd *cobra.Command, name, old string) {
	flag := cmd.Flags().Lookup(name)
	alias := *flag // with its value
	alias.Name, alias.Hidden = old, true
	cmd.Flags().AddFlag(&alias)
	if values, fixed := cmd.GetFlagCompletionFunc(name); fixed {
		if err := cmd.RegisterFlagCompletionFunc(old, values); err != nil {
			panic(err) // it was just added
		}
	}
	before := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if before != nil {
			if err := before(cmd, args); err != nil {
				return err
			}
		}
		if flag.Changed && alias.Changed {
			return usageError{fmt.Errorf("--%s is an old name of --%s: leave one out", old, name)}
		}
		flag.Changed = flag.Changed || alias.Changed
		return nil
	}
}
