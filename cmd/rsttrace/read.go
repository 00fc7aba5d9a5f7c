package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// readFlags are the flags of the read command.
type readFlags struct {
	filterFlags
	outputFlags
	count  uint64
	wanted string
}

func newRead() *cobra.Command {
	var flags readFlags
	cmd := &cobra.Command{
		Use:   "read FILE...",
		Short: "Show what rsttrace -o json has written",
		Long: `read shows what "rsttrace -o json" has written, in any format and with every
filter, as if it happened now. Files may be compressed with gzip or zstd. The
file - is the standard input.

A line that cannot be read is named and passed over. The exit status is 1 if
there was one.`,
		Example: `  rsttrace read resets.jsonl
  rsttrace read resets.jsonl.zst --cause peer-gone
  rsttrace read *.jsonl.gz --filter 'sent and port 443' -o json
  ssh web-1 rsttrace -o json | rsttrace read -`,
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, files []string) error {
			return flags.run(cmd, files)
		},
	}
	flags.filterFlags.register(cmd)
	flags.outputFlags.register(cmd)
	cmd.Flags().StringVar(&flags.wanted, "filter", "", "show these events only: 'sent and port 443'; rsttrace explain filter lists the fields")
	cmd.Flags().Uint64Var(&flags.count, "count", 0, "stop after this many events")
	return cmd
}

func (f *readFlags) run(cmd *cobra.Command, files []string) error {
	if !f.dirs.given {
		f.dirs.values = []string{"all"} // a recording has what was asked for
	}
	var written []string
	if cmd.Flags().Changed("filter") {
		if strings.TrimSpace(f.wanted) == "" {
			return usageError{errors.New("--filter: must not be empty")}
		}
		written = append(written, f.wanted)
	}
	wanted, err := f.filterFlags.filter(written, filter.Vocabulary{})
	if err != nil {
		return err
	}
	if err := f.outputFlags.check(); err != nil {
		return err
	}
	if err := checkPositive(cmd, "count"); err != nil {
		return err
	}
	out := f.openFolded(cmd.OutOrStdout())
	var most *limit
	if f.count > 0 {
		most = &limit{Sink: out, left: f.count}
		out = most
	}
	return readAll(cmd.Context(), files, wanted.Stage(out), most, cmd.ErrOrStderr())
}

// readAll reads one file after the other. Lines that cannot be read do not keep
// the next file from being read.
func readAll(ctx context.Context, files []string, to event.Sink, most *limit, stderr io.Writer) error {
	var problems error
	for _, file := range files {
		err := readFile(ctx, file, to, stderr)
		var skipped *event.SkippedError
		if err != nil && !errors.As(err, &skipped) {
			return errors.Join(problems, err)
		}
		problems = errors.Join(problems, err)
		if ctx.Err() != nil || most.reached() {
			break
		}
	}
	return problems
}

func readFile(ctx context.Context, path string, to event.Sink, stderr io.Writer) error {
	input, name := os.Stdin, "standard input"
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		input, name = file, path
	}
	source, err := openInput(name, input, func(skipped *event.LineError) {
		fmt.Fprintf(stderr, "rsttrace: %s\n", oneLine(skipped))
	})
	if err != nil {
		return err
	}
	return source.Run(ctx, to)
}
