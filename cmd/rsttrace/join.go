package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/internal/join"
	"github.com/rsttrace/rsttrace/internal/source"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// joinFlags are the flags of the join command.
type joinFlags struct {
	filterFlags
	outputFlags
	recordFlags
	wanted     filterFlag
	clockError time.Duration
	clocks     bool
}

func newJoin() *cobra.Command {
	var flags joinFlags
	cmd := &cobra.Command{
		Use:   "join FILE|FOLDER...",
		Short: "Bring both ends of each reset together, from the recordings of several hosts",
		Long: `join reads what several hosts have recorded, by time, and says of each RST: sent
here for this reason, and received there with this effect. If only one end is known,
it says whether the other host would have shown it: nobody sent it, or it never
arrived. Else it says why this is not known. docs/fleet.md has the rules.

A folder stands for all files in it. The file - is the standard input: lines of JSON
of all hosts, about in the order of their time, as a log store gives them.

The clocks of the hosts need not be the same. With --clocks it says what follows of
them from the RSTs.`,
		Example: `  rsttrace join web-1.pcapng web-2.pcapng db-1.jsonl.zst
  rsttrace join recordings/ --each
  rsttrace join recordings/ -o json | jq 'select(.peerSent.verdict == "none")'
  rsttrace join recordings/ -w joined.pcapng   # and rsttrace report joined.pcapng -o report.html
  cat *.jsonl | sort -t'"' -k6,6 | rsttrace join -`,
		Args: arguments(filesFor("join")),
		RunE: func(cmd *cobra.Command, paths []string) error { return flags.run(cmd, paths) },
	}
	flags.filterFlags.register(cmd)
	cmd.Flags().Lookup("direction").DefValue = "all"
	flags.outputFlags.register(cmd)
	flags.recordFlags.register(cmd)
	flags.wanted.register(cmd)
	cmd.Flags().DurationVar(&flags.clockError, "clock-error", 2*time.Second, "by how much the clocks of two hosts may differ")
	cmd.Flags().BoolVar(&flags.clocks, "clocks", false, "say at the end by how much clocks differ")
	return cmd
}

func (f *joinFlags) run(cmd *cobra.Command, paths []string) (err error) {
	f.ofRecording()
	wanted, err := f.wanted.with(cmd, &f.filterFlags, filter.Vocabulary{})
	if err != nil {
		return err
	}
	if err := f.outputFlags.check(); err != nil {
		return err
	}
	if err := f.recordFlags.check(cmd); err != nil {
		return err
	}
	if err := checkPositive(cmd, "clock-error"); err != nil {
		return err
	}
	stderr := cmd.ErrOrStderr()
	inputs, err := joinInputs(cmd.Context(), paths, stderr)
	if err != nil {
		return err
	}
	recording, err := f.recordFlags.open(account{}, stderr)
	if err != nil {
		return err
	}
	defer func() {
		if incomplete := recording.close(); err == nil {
			err = incomplete
		}
	}()
	stage := join.New(wanted.Stage(f.joined(cmd.OutOrStdout(), recording)), join.Options{ClockError: f.clockError})
	problems := join.Merge(cmd.Context(), inputs, stage)
	if err := stage.End(); err != nil && !errors.Is(err, event.ErrEnough) {
		return errors.Join(problems, err)
	}
	f.report(stderr, stage.Result())
	return problems
}

// joined is what the joined stream goes to, behind the stage that makes findings.
func (f *joinFlags) joined(stdout io.Writer, recording *recorder) event.Sink {
	if f.standardOutput() {
		return finding.New(f.recordFlags.piped(stdout))
	}
	return f.openFolded(stdout, recording.sinks()...)
}

// report says what the join came to, for people.
func (f *joinFlags) report(stderr io.Writer, r join.Result) {
	if r.Hosts == 1 {
		fmt.Fprintln(stderr, "rsttrace: these are recordings of one host; join needs those of two or more, and rsttrace read shows one")
		return
	}
	fmt.Fprintf(stderr, "rsttrace: %d hosts, %d events: both ends of %d RSTs (%d of them likely); nobody sent %d; %d never arrived; of %d one end is known\n",
		r.Hosts, r.Events, r.Pairs, r.Likely, r.Nobody, r.Never, r.NotSeen)
	if r.Crowded > 0 {
		fmt.Fprintf(stderr, "rsttrace: %d events could not wait for their other end: too many come in a second; give a smaller --clock-error, or join fewer hosts at once\n", r.Crowded)
	}
	if !f.clocks {
		return
	}
	for _, c := range r.Clocks {
		fmt.Fprintf(stderr, "rsttrace: clocks: %s\n", oneLine(errors.New(c.String())))
	}
}

// joinInputs are the files, with the time at which each begins.
func joinInputs(ctx context.Context, paths []string, stderr io.Writer) (inputs []join.Input, err error) {
	files, err := filesOf(paths)
	if err != nil {
		return nil, err
	}
	options := newInputOptions(stderr)
	options.own = true
	for _, path := range files {
		input := join.Input{Name: path, Run: func(ctx context.Context, to event.Sink) error {
			// What does not say its host is one of its own.
			named := event.OfHost(event.Host{HostName: hostOfFile(path)}, to)
			return readFile(ctx, path, named, options, io.Discard)
		}}
		if path != "-" {
			if input.Start, err = startOf(ctx, path); err != nil {
				return nil, err
			}
		}
		inputs = append(inputs, input)
	}
	return inputs, nil
}

// filesOf has the files of folders in place of these.
func filesOf(paths []string) (files []string, err error) {
	for _, path := range paths {
		if path == "-" {
			files = append(files, path)
			continue
		}
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("there is no file or folder %s", path)
		}
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		before := len(files)
		err = filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(files) == before {
			return nil, fmt.Errorf("%s: there is no file in this folder", path)
		}
	}
	for i, file := range files {
		if slices.Contains(files[:i], file) {
			return nil, usageError{fmt.Errorf("%s: the same file twice; leave one out", file)}
		}
	}
	return files, nil
}

// hostOfFile is the name of a host that did not write its own.
func hostOfFile(path string) string {
	if path == "-" {
		return "standard input"
	}
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	return name
}

// startOf is the time of the first item of a file.
func startOf(ctx context.Context, path string) (time.Time, error) {
	first := &firstItem{}
	options := newInputOptions(io.Discard)
	options.own = true
	err := readFile(ctx, path, first, options, io.Discard)
	var skipped *event.SkippedError
	var partial *source.PartialError
	if errors.As(err, &skipped) || errors.As(err, &partial) {
		err = nil // it is said when the file is read
	}
	return first.at, err
}

// firstItem ends a stream at its first item.
type firstItem struct{ at time.Time }

func (f *firstItem) take(at time.Time) error {
	if f.at.IsZero() {
		f.at = at
	}
	return event.ErrEnough
}

func (f *firstItem) Event(e *event.Event) error       { return f.take(e.Time) }
func (f *firstItem) Followup(i *event.Followup) error { return f.take(i.Time) }
func (f *firstItem) Finding(i *event.Finding) error   { return f.take(i.Time) }
func (f *firstItem) Totals(t *event.Totals) error     { return f.take(t.Time) }
func (f *firstItem) Loss(l *event.Loss) error         { return f.take(l.Time) }
func (f *firstItem) Audit(a *event.Audit) error       { return f.take(a.Time) }
func (f *firstItem) Coverage(c *event.Coverage) error { return f.take(c.Time) }
func (f *firstItem) Flush(time.Time) error            { return nil }
