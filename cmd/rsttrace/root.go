package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// Exit codes. Nothing else is ever returned.
const (
	exitFine   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a mistake on the command line.
type usageError struct{ error }

// Unwrap returns the mistake itself.
func (u usageError) Unwrap() error { return u.error }

// run executes one command line and returns the exit code. A goroutine may be left
// behind: the process has to end.
func run(args []string, stdout, stderr io.Writer) int {
	// A closed pipe (| head) ends the run as an ordinary write error.
	signal.Ignore(unix.SIGPIPE)
	end := newEnding(endPatience)
	defer end.stop()
	out := newStream(stdout, end, func(err error) { end.cancel(err) })
	problems := newStream(stderr, end, nil)

	root := newRoot()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(problems)
	ran := root
	err := end.run(func(ctx context.Context) (err error) {
		ran, err = root.ExecuteContextC(ctx)
		return err
	})
	if failure := out.failure(); failure != nil {
		err = failure // whatever else it led to
	}
	return report(problems, ran.CommandPath(), err)
}

// report prints an error of a command and returns the exit code.
func report(stderr io.Writer, command string, err error) int {
	var usage usageError
	var inFile *fileError
	var syntax *filter.SyntaxError
	switch {
	case err == nil, errors.Is(err, unix.EPIPE):
		return exitFine
	case errors.Is(err, errReported):
		return exitFailed
	case errors.As(err, &syntax):
		fmt.Fprintf(stderr, "rsttrace: %v\n", syntax)
		return exitUsage
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "rsttrace: %s (see %s --help)\n", oneLine(err), command)
		return exitUsage
	case errors.As(err, &inFile):
		fmt.Fprintf(stderr, "rsttrace: %s\n", oneLine(err))
		return exitUsage
	case errors.Is(err, probe.ErrPermission):
		fmt.Fprintf(stderr, "rsttrace: %s (missing: %s)\n", oneLine(err), missingCapabilities())
		return exitFailed
	default:
		fmt.Fprintf(stderr, "rsttrace: %s\n", oneLine(err))
		return exitFailed
	}
}

// oneLine is the text of an error, whatever a user has typed into it.
func oneLine(err error) string {
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, text)
}

// subcommands make the commands. A new one is a file of its own and an entry here:
// help, completion and hints come from the list.
var subcommands = []func() *cobra.Command{newTop, newLab, newSelftest, newServe, newRead, newJoin, newReport, newExplain, newDoctor, newVersion}

func newRoot() *cobra.Command {
	root := newTrace()
	for _, newCommand := range subcommands {
		root.AddCommand(newCommand())
	}
	setHelp(root)
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usageError{flagError(cmd, err)} })
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

// filesFor wants one file or more.
func filesFor(command string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("name the files, such as rsttrace %s resets.pcapng; - is the standard input", command)
		}
		return nil
	}
}

func atMostOneName(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("%s takes one name, and there are %d", cmd.Name(), len(args))
	}
	return nil
}
