package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/rsttrace/rsttrace/internal/playback"
	"github.com/rsttrace/rsttrace/internal/sink/screen"
	"github.com/rsttrace/rsttrace/internal/sink/screen/terminal"
	"github.com/rsttrace/rsttrace/internal/sink/screen/view"
	"github.com/rsttrace/rsttrace/internal/sink/text"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// topFlags are the flags of the live screen.
type topFlags struct {
	traceFlags
	wanted filterFlag
	local  listFlag
}

// countEvery is how often the screen reads the exact counts.
const countEvery = time.Second

func newTop() *cobra.Command {
	var flags topFlags
	cmd := &cobra.Command{
		Use:   "top [FILE...]",
		Short: "Watch resets on a live screen, or play a recording on it",
		Long: `top shows what happens now: exact totals by cause with their rates, findings, the
last events, and the chosen one in full. The key ? lists the keys.

With files it plays a recording: the arrow keys move in its time. The files are
those that "rsttrace read" takes, except for the standard input.

At the end of a live run the totals are printed. NO_COLOR turns colours off.`,
		Example: `  rsttrace top
  rsttrace top --filter 'sent and port 443'
  rsttrace top -w incident.pcapng           # and record all of it
  rsttrace top incident.pcapng              # play that again
  rsttrace top trace.pcap.gz --local 192.0.2.7`,
		Args: arguments(cobra.ArbitraryArgs),
		RunE: func(cmd *cobra.Command, files []string) error {
			return flags.run(cmd, files)
		},
	}
	flags.filterFlags.register(cmd)
	flags.recordFlags.register(cmd)
	flags.sessionFlags.register(cmd)
	flags.wanted.register(cmd)
	cmd.Flags().DurationVar(&flags.duration, "duration", 0, "end after this time: 30s, 5m")
	registerLocal(cmd, &flags.local)
	_ = cmd.Flags().MarkHidden("interval") // the screen has its own
	return cmd
}

// liveOnly are the flags that say nothing of a recording.
var liveOnly = []string{
	"attach", "audit", "duration", "host-name", "interval", "keep", "max-rate", "no-drops", "no-flow-memory", "no-followups", "ready-file", "ring-size", "rotate", "see-packets", "user", "write",
}

// check finds every mistake on the command line.
func (f *topFlags) check(cmd *cobra.Command, files []string) (*filter.Filter, error) {
	known := thisHost()
	if len(files) > 0 {
		known = filter.Vocabulary{}
		if err := f.checkFiles(cmd, files); err != nil {
			return nil, err
		}
	} else if cmd.Flags().Changed("local") {
		return nil, usageError{errors.New("--local: says which end of a capture is ours, and there is no file")}
	}
	wanted, err := f.wanted.with(cmd, &f.filterFlags, known)
	if err != nil {
		return nil, err
	}
	if f.standardOutput() {
		return nil, usageError{errors.New("--write -: the screen is on the standard output; name a file")}
	}
	return wanted, errors.Join(f.recordFlags.check(cmd), asUsage(f.checkHostName(cmd.Flags())), checkPositive(cmd, "duration", "interval"), checkPairs(cmd), asUsage(f.checkSeen(wanted)))
}

func (f *topFlags) checkFiles(cmd *cobra.Command, files []string) error {
	for _, name := range liveOnly {
		if cmd.Flags().Changed(name) {
			return usageError{fmt.Errorf("--%s: is for a live run, and there are files, too; leave one out", name)}
		}
	}
	f.ofRecording()
	for _, file := range files {
		if file == "-" {
			return usageError{errors.New("-: keys come from the standard input; save the recording to a file first")}
		}
		if err := checkFile(file); err != nil {
			return err
		}
	}
	return nil
}

func asUsage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

func (f *topFlags) run(cmd *cobra.Command, files []string) error {
	wanted, err := f.check(cmd, files)
	if err != nil {
		return err
	}
	local, err := parseLocal(f.local.values)
	if err != nil {
		return err
	}
	in, out, err := terminals(cmd)
	if err != nil {
		return err
	}
	title := f.host().HostName
	if len(files) > 0 {
		title = strings.Join(sourceNames(files), " ")
	}
	known := screen.New(screen.Options{Exact: len(files) == 0})
	o := terminal.Options{
		In: in, Out: out, Known: known, State: view.New(title, view.NewTheme(text.Detect(out)), time.Local), Write: writeChosen,
	}
	if len(files) > 0 {
		return playFiles(cmd.Context(), o, files, wanted, local)
	}
	return f.watch(cmd.Context(), o, wanted, cmd.OutOrStdout(), cmd.ErrOrStderr())
}

// terminals are those of keys and screen.
func terminals(cmd *cobra.Command) (in, out *os.File, err error) {
	out, in = fileOf(cmd.OutOrStdout()), os.Stdin
	switch {
	case out == nil || !term.IsTerminal(int(out.Fd())):
		return nil, nil, usageError{errors.New("top: the standard output is no terminal; rsttrace without top writes lines")}
	case !term.IsTerminal(int(in.Fd())):
		return nil, nil, usageError{errors.New("top: the standard input is no terminal, and keys come from there")}
	case os.Getenv("TERM") == "dumb":
		return nil, nil, usageError{errors.New("top: a terminal with TERM=dumb cannot show a screen; rsttrace without top writes lines")}
	}
	return in, out, nil
}

// watch shows what this host does.
func (f *topFlags) watch(ctx context.Context, o terminal.Options, wanted *filter.Filter, stdout, stderr io.Writer) error {
	started := make(chan struct{})
	o.Started = started
	problems := &untilStarted{before: stderr, after: o.Known, started: started}
	last := new(lastTotals)
	f.packets = true // so that what is chosen can be written
	if f.interval == 0 {
		f.interval = countEvery
	}
	err := terminal.Run(ctx, o, func(ctx context.Context) error {
		outputs := func(recording *recorder) event.Sink {
			close(started)
			return finding.New(event.Tee(append([]event.Sink{o.Known, last}, recording.sinks()...)...))
		}
		return f.traceFlags.run(ctx, wanted, outputs, problems)
	})
	return errors.Join(err, last.print(stdout))
}

// untilStarted writes to stderr until the screen is there, and then to the screen.
type untilStarted struct {
	before, after io.Writer
	started       <-chan struct{}
}

func (u *untilStarted) Write(lines []byte) (int, error) {
	select {
	case <-u.started:
		return u.after.Write(lines)
	default:
		return u.before.Write(lines)
	}
}

// lastTotals is a sink that keeps the totals for the end.
type lastTotals struct {
	event.NopSink
	mu     sync.Mutex
	totals *event.Totals
}

func (l *lastTotals) Totals(t *event.Totals) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.totals = t.Clone()
	return nil
}

// print writes the totals, if there were any.
func (l *lastTotals) print(stdout io.Writer) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.totals == nil {
		return nil
	}
	sink := (&outputFlags{format: formats[0].name}).open(stdout)
	return errors.Join(sink.Totals(l.totals), sink.Flush(l.totals.Time))
}

// playFiles plays recordings.
func playFiles(ctx context.Context, o terminal.Options, files []string, wanted *filter.Filter, local []netip.Prefix) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	read := func(ctx context.Context, to event.Sink) error {
		options := newInputOptions(o.Known)
		options.local = local
		return readAll(ctx, files, wanted.Stage(to), nil, options, o.Known)
	}
	player := playback.New(ctx, read, o.Known)
	o.Player = player
	err := terminal.Run(ctx, o, func(ctx context.Context) error {
		<-ctx.Done()
		return nil
	})
	return errors.Join(err, player.Close())
}
