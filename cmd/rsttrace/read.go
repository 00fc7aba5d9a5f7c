package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/internal/sink/pcapng"
	"github.com/rsttrace/rsttrace/internal/source"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// readFlags are the flags of the read command.
type readFlags struct {
	filterFlags
	outputFlags
	recordFlags
	count  uint64
	wanted filterFlag
	local  listFlag
}

func newRead() *cobra.Command {
	var flags readFlags
	cmd := &cobra.Command{
		Use:   "read FILE...",
		Short: "Show recordings, and why each RST of any capture was sent",
		Long: `read shows what "rsttrace -w" or "rsttrace -o json" has written, in any format
and with every filter, as if it happened now. Files may be compressed with gzip
or zstd. The file - is the standard input. Name the files of one run in their
order.

Any other capture is read, too: pcap and pcapng files of tcpdump, Wireshark and the
like. Every RST in it gets a verdict, from the packets alone. Such events are
"observed". With --local they are sent or received. docs/wire.md has the rules.

A line that cannot be read is named and left out. A recording that is cut off is
read as far as it goes. The exit status is 1 if there was such a line or file.`,
		Example: `  rsttrace read resets.pcapng
  rsttrace read trace.pcap.gz --local 192.0.2.7
  rsttrace read resets.jsonl -w resets.pcapng
  rsttrace read resets.jsonl.zst --cause peer-gone
  rsttrace read *.jsonl.gz --filter 'sent and port 443' -o json
  ssh web-1 rsttrace -o json | rsttrace read -`,
		Args: arguments(filesFor("read")),
		RunE: func(cmd *cobra.Command, files []string) error {
			return flags.run(cmd, files)
		},
	}
	flags.filterFlags.register(cmd)
	cmd.Flags().Lookup("direction").DefValue = "all"
	flags.outputFlags.register(cmd)
	flags.recordFlags.register(cmd)
	flags.wanted.register(cmd)
	registerLocal(cmd, &flags.local)
	cmd.Flags().Uint64Var(&flags.count, "count", 0, "stop after this many events")
	return cmd
}

func (f *readFlags) run(cmd *cobra.Command, files []string) (err error) {
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
	if err := checkPositive(cmd, "count"); err != nil {
		return err
	}
	recording, err := f.recordFlags.open(account{}, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer func() {
		if incomplete := recording.close(); err == nil {
			err = incomplete
		}
	}()
	out := f.outputs(cmd.OutOrStdout(), recording, f.count == 0 && wanted.String() == "" && oneRun(files))
	var most *limit
	if f.count > 0 {
		most = &limit{Sink: out, left: f.count}
		out = most
	}
	stderr := cmd.ErrOrStderr()
	options := newInputOptions(stderr)
	if options.local, err = parseLocal(f.local.values); err != nil {
		return err
	}
	return readAll(cmd.Context(), files, wanted.Stage(out), most, options, stderr)
}

func registerLocal(cmd *cobra.Command, local *listFlag) {
	cmd.Flags().Var(local, "local", "addresses or networks of our side of a capture: 192.0.2.1,2001:db8::/64; without it, events are observed, and neither sent nor received")
}

// parseLocal reads lists of addresses and networks.
func parseLocal(lists []string) (local []netip.Prefix, err error) {
	if len(lists) == 0 {
		return nil, nil
	}
	for text := range strings.SplitSeq(strings.Join(lists, ","), ",") {
		text = strings.TrimSpace(text)
		if text == "" {
			return nil, usageError{errors.New("--local: empty value")}
		}
		p, err := netip.ParsePrefix(text)
		if addr, single := netip.ParseAddr(text); single == nil {
			addr = addr.Unmap().WithZone("")
			p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return nil, usageError{fmt.Errorf("--local %q: want an address such as 192.0.2.1, or a network such as 192.0.2.0/24", text)}
		}
		local = append(local, p)
	}
	return local, nil
}

// outputs are the sinks, and the stage that makes findings in front of them. Of a whole
// recording the findings are there already, as the run gave them.
func (f *readFlags) outputs(stdout io.Writer, recording *recorder, hasFindings bool) event.Sink {
	var out event.Sink
	if f.standardOutput() {
		out = pcapng.New(piped{stdout}, f.recordFlags.options())
	} else {
		out = f.openBeside(stdout, recording.sinks()...)
	}
	if hasFindings {
		return out
	}
	return finding.New(out)
}

// oneRun reports whether all files are recordings of the same run.
func oneRun(files []string) bool {
	run := runOf(files[0])
	for _, file := range files[1:] {
		if runOf(file) != run {
			return false
		}
	}
	return run != ""
}

// readAll reads one file after the other. What cannot be read of a file does not keep
// the next one from being read.
func readAll(ctx context.Context, files []string, to event.Sink, most *limit, o inputOptions, stderr io.Writer) error {
	var problems error
	for _, file := range files {
		err := readFile(ctx, file, to, o, stderr)
		var skipped *event.SkippedError
		var partial *source.PartialError
		if err != nil && !errors.As(err, &skipped) && !errors.As(err, &partial) {
			return errors.Join(problems, err)
		}
		problems = errors.Join(problems, err)
		if ctx.Err() != nil || most.reached() {
			break
		}
	}
	return problems
}

func readFile(ctx context.Context, path string, to event.Sink, o inputOptions, stderr io.Writer) error {
	file, err := openFile(path)
	if err != nil {
		return err
	}
	defer file.close()
	o.note = func(text string) {
		fmt.Fprintf(stderr, "rsttrace: %s\n", oneLine(fmt.Errorf("%s: %s", file.name, text)))
	}
	opened, err := openInput(file, o)
	if err != nil {
		return err
	}
	if shown := startProgress(file.file, file.name, to, stderr); shown != nil {
		defer shown.stop()
		to = shown
	}
	return opened.Run(ctx, to)
}
