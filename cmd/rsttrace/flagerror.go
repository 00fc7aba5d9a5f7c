package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rsttrace/rsttrace/internal/nearest"
)

// flagError says in our words what is wrong with a flag. Those of libraries name functions of Go.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		return unknownFlag(cmd, unknown.GetSpecifiedName())
	}
	var wrong *pflag.InvalidValueError
	if errors.As(err, &wrong) {
		if want := wanted[wrong.GetFlag().Value.Type()]; want != "" {
			return fmt.Errorf("--%s %q: want %s", wrong.GetFlag().Name, wrong.GetValue(), want)
		}
	}
	return err
}

// wanted is what flags take whose values are parsed by a library, by their types.
var wanted = map[string]string{
	"int":      "a whole number, such as 10",
	"uint":     "a whole number, 0 or more, such as 10",
	"uint32":   "a whole number, 0 or more, such as 10",
	"uint64":   "a whole number, 0 or more, such as 10",
	"duration": "a number with a unit, such as 30s or 5m",
	"bool":     "true or false, or the flag alone",
}

func unknownFlag(cmd *cobra.Command, name string) error {
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			known = append(known, f.Name)
		}
	})
	text := fmt.Sprintf("unknown flag --%s", name)
	switch near := nearest.Suggest(name, known, nil); {
	case name == "filter":
		text += ": write the filter without a flag, such as rsttrace sent and port 443"
	case len(near) > 0:
		text += ": did you mean --" + strings.Join(near, " or --") + "?"
	}
	return errors.New(text)
}
