package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	sink "github.com/rsttrace/rsttrace/internal/sink/report"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// reportFlags are the flags of the report command.
type reportFlags struct {
	filterFlags
	wanted    filterFlag
	output    pathFlag
	title     string
	eventsMax int
	local     listFlag
	duration  time.Duration
}

func newReport() *cobra.Command {
	flags := reportFlags{output: pathFlag{kind: "file"}}
	cmd := &cobra.Command{
		Use:   "report {FILE... | --duration TIME} -o PAGE.html",
		Short: "Write one HTML page about recordings, captures or a live run",
		Long: `report writes one page of HTML: what happened, who did it, and what to change.
The files are those that "rsttrace read" takes, with every filter. The file - is
the standard input. Without files it traces live for the time of --duration, as
root.

The page is one file. It makes no request to anywhere, and works without scripts.
The same input gives the same page. docs/report.md explains its parts.

The page appears at its path when it is complete, and only you can read it. An
older report at that path is replaced. Any other file is not.`,
		Example: `  rsttrace report resets.jsonl -o report.html
  rsttrace report *.jsonl.gz --filter 'port 443' -o report.html
  rsttrace report --duration 5m -o report.html   # live
  ssh web-1 rsttrace -o json --duration 1m | rsttrace report - -o web-1.html`,
		Args: arguments(cobra.ArbitraryArgs),
		RunE: func(cmd *cobra.Command, files []string) error {
			return flags.run(cmd, files)
		},
	}
	flags.filterFlags.register(cmd)
	cmd.Flags().VarP(&flags.output, "output", "o", "the page to write; - is the standard output")
	flags.wanted.register(cmd)
	cmd.Flags().StringVar(&flags.title, "title", "", "title of the page, such as the name of the host or of the incident")
	cmd.Flags().IntVar(&flags.eventsMax, "events", sink.DefaultEventsMax, "how many events the page holds; findings and all counts are about all events")
	registerLocal(cmd, &flags.local)
	cmd.Flags().DurationVar(&flags.duration, "duration", 0, "trace live for this time: 30s, 5m")
	return cmd
}

// check finds every mistake on the command line.
func (f *reportFlags) check(cmd *cobra.Command, files []string) (*filter.Filter, error) {
	if err := checkPositive(cmd, "duration", "events"); err != nil {
		return nil, err
	}
	live := f.duration != 0
	switch {
	case f.output.path == "":
		return nil, usageError{errors.New("--output: name the page to write, as -o report.html; - is the standard output")}
	case cmd.Flags().Changed("title") && strings.Trim(f.title, " ,") == "":
		return nil, usageError{errors.New("--title: empty value")}
	case len(files) == 0 && !live:
		return nil, usageError{errors.New("name the files to read, or give --duration for a live report")}
	case len(files) > 0 && live:
		return nil, usageError{errors.New("--duration is for a live report, and there are files, too; leave one out")}
	}
	if f.output.path == "-" && isTerminal(cmd.OutOrStdout()) {
		return nil, usageError{errors.New("--output -: the standard output is a terminal; send it to a file")}
	}
	known := filter.Vocabulary{}
	if live {
		known = thisHost()
	} else {
		f.ofRecording()
	}
	return f.wanted.with(cmd, &f.filterFlags, known)
}

func (f *reportFlags) run(cmd *cobra.Command, files []string) error {
	wanted, err := f.check(cmd, files)
	if err != nil {
		return err
	}
	for _, file := range files {
		if file == "-" {
			continue
		}
		if err := checkFile(file); err != nil {
			return err // before anything is written
		}
	}
	options := newInputOptions(cmd.ErrOrStderr())
	if options.local, err = parseLocal(f.local.values); err != nil {
		return err
	}
	to, err := preparePage(f.output.path, cmd.OutOrStdout(), len(files) == 0)
	if err != nil {
		return err
	}
	defer to.discard()
	ctx, stderr := cmd.Context(), cmd.ErrOrStderr()
	endingOf(ctx).leaveNothing(to.discard)

	page := sink.New(sink.Options{
		Title: f.title, Version: version, Sources: sourceNames(files), Filtered: len(wanted.Parts()) > 0, EventsMax: f.eventsMax,
	})
	stage := finding.New(page)
	var problems error
	if len(files) > 0 {
		problems = readInto(ctx, files, page, wanted.Stage(stage), options, stderr)
	} else if err := f.trace(ctx, wanted, stage, stderr); err != nil {
		return err
	}
	if err := stage.Report(); err != nil {
		return err
	}
	if problems != nil && page.Empty() {
		return fmt.Errorf("%w; nothing could be read, so no page is written", problems)
	}
	for _, problem := range asList(problems) {
		page.Problem(oneLine(problem))
	}
	if err := to.write(page.Write); err != nil {
		return errors.Join(problems, err)
	}
	if f.output.path != "-" {
		fmt.Fprintf(stderr, "rsttrace: written: %s\n", oneLine(errors.New(f.output.path)))
	}
	return problems
}

// readInto reads one file after the other. A file that breaks off gives what was read so
// far, and the next one is read all the same.
func readInto(ctx context.Context, files []string, page *sink.Sink, to event.Sink, o inputOptions, stderr io.Writer) error {
	var problems error
	for _, file := range files {
		page.NewInput()
		problems = errors.Join(problems, readFile(ctx, file, to, o, stderr))
		if ctx.Err() != nil {
			return errors.Join(problems, errors.New("interrupted: the page has what was read so far"))
		}
	}
	return problems
}

// trace runs the tracer as the main command does, with an audit.
func (f *reportFlags) trace(ctx context.Context, wanted *filter.Filter, to event.Sink, stderr io.Writer) error {
	live := traceFlags{duration: f.duration, sessionFlags: sessionFlags{maxRate: defaultMaxRate}}
	live.audit.on = true
	if err := live.checkSeen(wanted); err != nil {
		return usageError{err}
	}
	return live.run(ctx, wanted, func(*recorder) event.Sink { return to }, stderr)
}

// sourceNames are the files as the page names them: without their folders.
func sourceNames(files []string) (names []string) {
	for _, file := range files {
		if file == "-" {
			names = append(names, "standard input")
			continue
		}
		names = append(names, filepath.Base(file))
	}
	return names
}

// asList takes joined errors apart.
func asList(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, asList(e)...)
		}
		return all
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
