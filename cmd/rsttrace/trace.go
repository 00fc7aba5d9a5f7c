package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/internal/sink/pcapng"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// traceFlags are the flags of the main command.
type traceFlags struct {
	filterFlags
	outputFlags
	recordFlags
	costFlags
	sessionFlags
	count    uint64
	duration time.Duration

	explainFilter bool
	packets       bool // events have their packets, with or without a recording
}

func newTrace() *cobra.Command {
	cmd, _ := newTraceCommand()
	return cmd
}

// newTraceCommand returns also what checks its command line: all that happens
// before anything is attached.
func newTraceCommand() (*cobra.Command, func(*cobra.Command, []string) (*filter.Filter, error)) {
	var flags traceFlags
	cmd := &cobra.Command{
		Use:   "rsttrace [FILTER]",
		Short: "Explain every TCP reset of this machine",
		Long: `rsttrace names, for every TCP RST that this machine sends, receives or ignores,
the kernel path that caused it, the process that owns the socket, what the
application got from it, what was lost, and what to do about it.

It runs until it is interrupted, and then prints exact totals per cause. A second
signal ends it at once. SIGQUIT (Ctrl-\) prints the totals so far.

A filter says which events to show: sent and port 443 and not comm nginx.
"rsttrace explain filter" lists its fields. Flags are short for some of them:
--port 443 is the filter port 443, and --direction is dir. They take lists, and
can be given several times: --port 80,443 --port 8080. A comma that belongs to a
name follows a backslash: --comm 'a\,b'.`,
		Example: `  rsttrace                                  # all that is sent and received, live
  rsttrace sent and port 443                # who here resets our HTTPS clients?
  rsttrace 'cause peer-gone and silence > 300s and not comm nginx'
  rsttrace --comm nginx -o json | jq .      # for programs: one object per line
  rsttrace -w resets.pcapng                 # for Wireshark, and for rsttrace read
  rsttrace --container web-1                # also --pod shop/cart-6d9f, --unit nginx, --cgroup PATH
  rsttrace --cause closed-port --count 10   # the first ten, then the totals
  rsttrace --summary --top 10 --interval 1m # who causes them? only counts, every minute
  rsttrace --direction all --audit end      # also what is ignored; do the kernel's counters agree?
  rsttrace explain unread-data-on-close     # what a cause means and how to fix it
  rsttrace lab                              # see it work`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeFilter,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkCommand(cmd, args); err != nil {
				return err
			}
			wanted, err := flags.check(cmd, args)
			if err != nil {
				return err
			}
			if flags.explainFilter {
				return printParts(cmd.OutOrStdout(), wanted)
			}
			if flags.summary {
				reportUselessFilters(cmd, args)
			}
			outputs := func(recording *recorder) event.Sink { return flags.outputs(cmd.OutOrStdout(), recording) }
			return flags.run(cmd.Context(), wanted, outputs, cmd.ErrOrStderr())
		},
	}
	flags.filterFlags.register(cmd)
	flags.outputFlags.register(cmd)
	flags.recordFlags.register(cmd)
	flags.costFlags.register(cmd)
	flags.sessionFlags.register(cmd)
	cmd.Flags().BoolVar(&flags.explainFilter, "explain-filter", false, "print who decides each part of the filter, the kernel or rsttrace, and end")
	cmd.Flags().Uint64Var(&flags.count, "count", 0, "stop after this many events")
	cmd.Flags().DurationVar(&flags.duration, "duration", 0, "stop after this time: 30s, 5m")
	return cmd, flags.check
}

// check finds every mistake on the command line before anything is attached.
func (f *traceFlags) check(cmd *cobra.Command, args []string) (*filter.Filter, error) {
	wanted, err := f.filterFlags.filter(args, thisHost())
	if err != nil {
		return wanted, err
	}
	f.unfiltered = len(args) == 0 && !f.filterFlags.given()
	if err := f.outputFlags.check(); err != nil {
		return wanted, err
	}
	if err := f.recordFlags.check(cmd); err != nil {
		return wanted, err
	}
	if f.top < 0 {
		return wanted, usageError{errors.New("--top: must not be negative")}
	}
	if err := f.checkHostName(cmd.Flags()); err != nil {
		return wanted, usageError{err}
	}
	if err := checkPositive(cmd, "count", "duration", "interval"); err != nil {
		return wanted, err
	}
	if err := checkPairs(cmd); err != nil {
		return wanted, err
	}
	if err := f.checkSeen(wanted); err != nil {
		return wanted, usageError{err}
	}
	return wanted, nil
}

// run traces until the context ends. What it sees goes to the sink that open returns, which
// may write beside a recording.
func (f *traceFlags) run(ctx context.Context, wanted *filter.Filter, open func(*recorder) event.Sink, stderr io.Writer) (err error) {
	ready, err := prepareReadyFile(f.readyFile.path, f.user)
	if err != nil {
		return err
	}
	defer ready.remove()
	end := endingOf(ctx)
	end.leaveNothing(ready.remove)
	recording, err := f.recordFlags.open(f.user, stderr)
	if err != nil {
		return err
	}
	defer func() {
		if incomplete := recording.close(); err == nil {
			err = incomplete
		}
	}()
	meter, err := f.startMeter()
	if err != nil {
		return err
	}
	defer meter.close()
	o := f.sessionFlags.options(wanted, stderr)
	o.Summary, o.Stacks, o.Top, o.Packets = f.summary, f.stack, f.top, f.packets || f.recordFlags.wanted()
	t, err := f.sessionFlags.open(ctx, o, ready, stderr)
	if err != nil {
		return err
	}
	defer t.Close()
	if f.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.duration)
		defer cancel()
	}
	askTotals := t.AskTotals
	end.onQuit.Store(&askTotals)
	defer end.onQuit.Store(nil) // before the tracer is closed
	if err := t.Run(ctx, f.stages(open(recording), stderr)); err != nil {
		return err
	}
	counts, err := t.Session().Counts()
	if err != nil {
		return err
	}
	return meter.report(stderr, t.Session(), counts.Lost)
}

// outputs are the sinks behind the stage that makes findings.
func (f *traceFlags) outputs(stdout io.Writer, recording *recorder) event.Sink {
	if f.standardOutput() {
		return finding.New(pcapng.New(piped{stdout}, f.recordFlags.options()))
	}
	return f.openFolded(stdout, recording.sinks()...)
}

// stages puts what the flags ask for in front of an output.
func (f *traceFlags) stages(out event.Sink, stderr io.Writer) event.Sink {
	if f.count > 0 {
		out = &limit{Sink: out, left: f.count}
	}
	if !f.summary {
		out = newQuietNotice(out, stderr)
	}
	return out
}
