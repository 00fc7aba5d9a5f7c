package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/rsttrace/rsttrace/internal/sink/pcapng"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// recordFlags are -w and what goes with it.
type recordFlags struct {
	write  pathFlag
	rotate rotateFlag
	keep   int
}

func (f *recordFlags) register(cmd *cobra.Command) {
	f.write.kind = "file"
	flags := cmd.Flags()
	flags.VarP(&f.write, "write", "w", "also write a recording: a pcapng file that Wireshark and rsttrace read show; - is the standard output")
	flags.Var(&f.rotate, "rotate", "begin a new file of the recording at this size, after this time, or both: 100M, 24h, 100M,24h")
	flags.IntVar(&f.keep, "keep", 0, "keep this many files of the recording, and remove the oldest (default: all)")
}

// check finds what is wrong before a file is made.
func (f *recordFlags) check(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	switch {
	case f.write.path == "" && given("rotate"):
		return usageError{errors.New("--rotate: there is no recording; add --write FILE")}
	case given("keep") && !given("rotate"):
		return usageError{errors.New("--keep: there is only one file; add --rotate 100M")}
	case given("keep") && f.keep < 1:
		return usageError{fmt.Errorf("--keep %d: want 1 or more", f.keep)}
	case !f.standardOutput():
		return nil
	case given("rotate"):
		return usageError{errors.New("--write -, --rotate: the standard output is one file; leave one out")}
	case given("output"):
		return usageError{errors.New("--write -, --output: both write to the standard output; leave one out")}
	}
	if file := fileOf(cmd.OutOrStdout()); file != nil && term.IsTerminal(int(file.Fd())) {
		return usageError{errors.New("--write -: a terminal cannot show a recording; pipe it: rsttrace -w - | wireshark -k -i -")}
	}
	return nil
}

// wanted reports whether there is a recording.
func (f *recordFlags) wanted() bool { return f.write.path != "" }

// standardOutput reports whether the recording goes there. Nothing else does then.
func (f *recordFlags) standardOutput() bool { return f.write.path == "-" }

// errReported is an error that was printed when it happened. It makes the exit status.
var errReported = errors.New("reported")

// recorder is a sink for a recording. It swallows its errors: they end the recording, and
// not the run.
type recorder struct {
	event.Sink
	files  *pcapng.Files
	stderr io.Writer
	events uint64
	failed bool
	ended  bool
}

// open begins the recording. The account is the user that is left once privileges are
// given up: later files are its own.
func (f *recordFlags) open(who account, stderr io.Writer) (*recorder, error) {
	if !f.wanted() || f.standardOutput() {
		return nil, nil
	}
	numbered := f.rotate.given()
	var files *pcapng.Files
	create := func() (err error) {
		files, err = pcapng.Create(f.write.path, numbered, f.keep)
		return err
	}
	err := who.try(create)
	switch {
	case errors.Is(err, fs.ErrPermission) && !numbered:
		err = create() // it is open from now on
	case errors.Is(err, fs.ErrPermission):
		err = fmt.Errorf("%w: once rsttrace has given up privileges, %s creates the files there", err, who.described())
	}
	if err != nil {
		return nil, fmt.Errorf("--write: %w", err)
	}
	sink := pcapng.New(files, f.options())
	return &recorder{Sink: sink, files: files, stderr: stderr}, nil
}

func (f *recordFlags) options() pcapng.Options {
	return pcapng.Options{Version: versionText(), Run: newRun(), Size: f.rotate.size, Span: f.rotate.span}
}

// piped is a recording on the standard output.
func (f *recordFlags) piped(stdout io.Writer) event.Sink {
	return pcapng.New(piped{stdout}, f.options())
}

// newRun tells the files of this run from those of others.
func newRun() string { return rand.Text()[:12] }

// sinks are those beside another output: none without a recording.
func (r *recorder) sinks() []event.Sink {
	if r == nil {
		return nil
	}
	return []event.Sink{r}
}

// close ends the recording. The error says that it lacks something.
func (r *recorder) close() error {
	if r == nil {
		return nil
	}
	if !r.ended {
		r.ended = true
		if err := r.files.Close(); err != nil {
			r.report(err)
		}
	}
	if r.failed {
		return errReported
	}
	return nil
}

// result is what became of an item.
func (r *recorder) result(err error) error {
	var tooLarge *pcapng.TooLargeError
	switch {
	case err == nil:
	case errors.As(err, &tooLarge):
		r.failed = true
		fmt.Fprintf(r.stderr, "rsttrace: %s: %s: left out of the recording; raise --rotate\n", r.files.Name(), oneLine(err))
	default:
		r.report(err)
		r.ended = true
		_ = r.files.Close() // the first error is the one that tells
	}
	return nil
}

func (r *recorder) report(err error) {
	r.failed = true
	fmt.Fprintf(r.stderr, "rsttrace: --write: %s: the recording ends here, with %d events; all else goes on\n", oneLine(err), r.events)
}

func (r *recorder) Event(e *event.Event) error {
	if r.ended {
		return nil
	}
	err := r.Sink.Event(e)
	if err == nil {
		r.events++
	}
	return r.result(err)
}

func (r *recorder) Followup(f *event.Followup) error {
	return r.unlessEnded(func() error { return r.Sink.Followup(f) })
}

func (r *recorder) Finding(f *event.Finding) error {
	return r.unlessEnded(func() error { return r.Sink.Finding(f) })
}

func (r *recorder) Totals(t *event.Totals) error {
	return r.unlessEnded(func() error { return r.Sink.Totals(t) })
}

func (r *recorder) Loss(l *event.Loss) error {
	return r.unlessEnded(func() error { return r.Sink.Loss(l) })
}

func (r *recorder) Audit(a *event.Audit) error {
	return r.unlessEnded(func() error { return r.Sink.Audit(a) })
}

func (r *recorder) Coverage(c *event.Coverage) error {
	return r.unlessEnded(func() error { return r.Sink.Coverage(c) })
}

func (r *recorder) Flush(now time.Time) error {
	return r.unlessEnded(func() error { return r.Sink.Flush(now) })
}

func (r *recorder) unlessEnded(give func() error) error {
	if r.ended {
		return nil
	}
	return r.result(give())
}

// piped is a recording on the standard output, which has no files.
type piped struct{ io.Writer }

func (piped) Next() error { return nil }
