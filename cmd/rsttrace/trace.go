package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// traceFlags are the flags of the main command.
type traceFlags struct {
	filterFlags
	outputFlags
	costFlags
	attach    methodFlag
	audit     auditFlag
	count     uint64
	duration  time.Duration
	interval  time.Duration
	readyFile pathFlag
	user      account
	ringSize  sizeFlag
	noDrops   bool
	noMemory  bool
	noFollow  bool

	explainFilter bool
}

func newTrace() *cobra.Command {
	cmd, _ := newTraceCommand()
	return cmd
}

// newTraceCommand returns also what checks its command line: all that happens
// before anything is attached.
func newTraceCommand() (*cobra.Command, func(*cobra.Command, []string) (*filter.Filter, error)) {
	flags := traceFlags{readyFile: pathFlag{kind: "file"}}
	cmd := &cobra.Command{
		Use:   "rsttrace [FILTER]",
		Short: "Explain every TCP reset of this machine",
		Long: `rsttrace names, for every TCP RST that this machine sends, receives or ignores,
the kernel path that caused it, the process that owns the socket, what the
application got from it, what was lost, and what to do about it.

It runs until it is interrupted, and then prints exact totals per cause. A second
signal ends it at once. SIGQUIT (Ctrl-\) prints the totals so far.

A filter says which events to show: sent and port 443 and not comm nginx.
"rsttrace explain filter" lists its fields. The flags --cause to --pod are short
for the fields of these names, and --direction for dir. They take lists, and can
be given several times: --port 80,443 --port 8080. A comma that belongs to a name
follows a backslash: --comm 'a\,b'.`,
		Example: `  rsttrace                                  # all that is sent and received, live
  rsttrace sent and port 443                # who here resets our HTTPS clients?
  rsttrace 'cause peer-gone and silence > 300s and not comm nginx'
  rsttrace --comm nginx -o json | jq .      # for machines
  rsttrace --container web-1                # also --pod shop/cart-6d9f, --unit nginx, --cgroup PATH
  rsttrace --cause closed-port --count 10   # the first ten, then totals
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
			return flags.run(cmd.Context(), wanted, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags.filterFlags.register(cmd)
	flags.outputFlags.register(cmd)
	flags.costFlags.register(cmd)
	flags.attach.register(cmd)
	flags.audit.register(cmd)
	cmd.Flags().BoolVar(&flags.explainFilter, "explain-filter", false, "print who decides each part of the filter, the kernel or rsttrace, and end")
	cmd.Flags().Uint64Var(&flags.count, "count", 0, "stop after this many events")
	cmd.Flags().DurationVar(&flags.duration, "duration", 0, "stop after this time: 30s, 5m")
	cmd.Flags().DurationVar(&flags.interval, "interval", 0, "print the totals so far this often: 10s, 1m")
	cmd.Flags().Var(&flags.readyFile, "ready-file", "create this file, with the pid in it, once everything is attached; it is removed at the end")
	cmd.Flags().Var(&flags.user, "user", "run as this user once everything is attached; names of containers need its access to the engine's socket")
	cmd.Flags().BoolVar(&flags.noDrops, "no-drops", false, "do not watch dropped packets: you lose RSTs that end a handshake or a TIME_WAIT, and most ignored ones")
	cmd.Flags().BoolVar(&flags.noMemory, "no-flow-memory", false, "do not remember opened and closed connections: closed-earlier becomes half-open, events after a close have no owner, and no age is known")
	cmd.Flags().BoolVar(&flags.noFollow, "no-followups", false, "do not watch signals and socket errors: you lose the SIGPIPE lines and app.reported")
	cmd.Flags().Var(&flags.ringSize, "ring-size", "size of the ring buffer, a power of two: 64K to 1G (default 4M)")
	oldName(cmd, "ring-size", "ring")
	return cmd, flags.check
}

// check finds every mistake on the command line before anything is attached.
func (f *traceFlags) check(cmd *cobra.Command, args []string) (*filter.Filter, error) {
	wanted, err := f.filterFlags.filter(args, thisHost())
	if err != nil {
		return wanted, err
	}
	if err := f.outputFlags.check(); err != nil {
		return wanted, err
	}
	if f.top < 0 {
		return wanted, usageError{errors.New("--top: must not be negative")}
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

func (f *traceFlags) run(ctx context.Context, wanted *filter.Filter, stdout, stderr io.Writer) error {
	ready, err := prepareReadyFile(f.readyFile.path, f.user)
	if err != nil {
		return err
	}
	defer ready.remove()
	end := endingOf(ctx)
	end.leaveNothing(ready.remove)
	meter, err := f.startMeter()
	if err != nil {
		return err
	}
	defer meter.close()
	t, err := tracing.Open(tracing.Options{
		Filter:       wanted,
		Summary:      f.summary,
		MaxRate:      f.maxRate,
		Stacks:       f.stack,
		Top:          f.top,
		Attach:       f.attach.method,
		NoDrops:      f.noDrops,
		NoFlowMemory: f.noMemory,
		NoFollowups:  f.noFollow,
		RingSize:     f.ringSize.bytes,
		Interval:     f.interval,
		AuditAtEnd:   f.audit.on,
		AuditEvery:   f.audit.every,
		Warn:         func(warning error) { fmt.Fprintf(stderr, "rsttrace: %v\n", warning) },
	})
	if err != nil {
		return err
	}
	defer t.Close()
	limitMemory()
	reportFallbacks(stderr, t.Session().Hooks(), f.attach.method)
	reportAbsent(ctx, stderr, wanted)
	if ready.needsPrivileges() {
		if err := ready.publish(); err != nil {
			return err
		}
	}
	if err := dropPrivileges(t.Session().Hooks(), f.user); err != nil {
		if f.user.changes() {
			return err
		}
		fmt.Fprintf(stderr, "rsttrace: keeps privileges that it does not need: %s\n", oneLine(err))
	}
	if err := ready.publish(); err != nil {
		return err
	}
	if f.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.duration)
		defer cancel()
	}
	askTotals := t.AskTotals
	end.onQuit.Store(&askTotals)
	defer end.onQuit.Store(nil) // before the tracer is closed
	if err := t.Run(ctx, f.stages(f.openFolded(stdout), stderr)); err != nil {
		return err
	}
	counts, err := t.Session().Counts()
	if err != nil {
		return err
	}
	return meter.report(stderr, t.Session(), counts.Lost)
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
