package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// version is set by the Makefile from the newest tag.
var version = ""

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "rsttrace %s, event schema %d, %s %s/%s\n",
				versionText(), event.SchemaVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

func versionText() string {
	info, _ := debug.ReadBuildInfo()
	return versionOf(version, info)
}

// versionOf prefers what the Makefile says. Without it, the program was built by "go
// install MODULE@VERSION", or in a working copy, and Go knows of what.
func versionOf(made string, info *debug.BuildInfo) string {
	switch {
	case made != "":
		return made
	case info != nil && info.Main.Version != "":
		return info.Main.Version
	default:
		return "(development)"
	}
}
