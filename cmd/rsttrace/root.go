package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/probe"
)

// Exit codes. Nothing else is ever returned.
const (
	exitFine   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a mistake on the command line.
type usageError struct{ error }

// run executes one command line and returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	// A closed pipe (| head) ends the run as an ordinary write error.
	signal.Ignore(unix.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	defer stop()

	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil, errors.Is(err, unix.EPIPE):
		return exitFine
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "rsttrace: %v (see rsttrace --help)\n", err)
		return exitUsage
	case errors.Is(err, probe.ErrPermission):
		fmt.Fprintf(stderr, "rsttrace: %v (missing: %s)\n", err, missingCapabilities())
		return exitFailed
	default:
		fmt.Fprintf(stderr, "rsttrace: %v\n", err)
		return exitFailed
	}
}

func newRoot() *cobra.Command {
	root := newTrace()
	root.AddCommand(newLab(), newSelftest(), newExplain(), newDoctor(), newVersion())
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	return root
}

// arguments turns a check of positional arguments into a usage error.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}
