package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rsttrace/rsttrace/internal/hostid"
	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// sessionFlags say how the kernel is reached, and who rsttrace is after that. They are
// those of every command that traces until it is told to end.
type sessionFlags struct {
	attach    methodFlag
	audit     auditFlag
	interval  time.Duration
	readyFile pathFlag
	user      account
	ringSize  sizeFlag
	maxRate   uint32
	noDrops   bool
	noMemory  bool
	noFollow  bool
	seePacket bool
	hostName  string
}

// defaultMaxRate is far more than a person reads and far less than a scan can
// cause.
const defaultMaxRate = 1000

func (f *sessionFlags) register(cmd *cobra.Command) {
	f.readyFile.kind = "file"
	f.attach.register(cmd)
	f.audit.register(cmd)
	flags := cmd.Flags()
	flags.Uint32Var(&f.maxRate, "max-rate", defaultMaxRate, "details of each kind per second and CPU; the rest is only counted; 0: no limit")
	flags.DurationVar(&f.interval, "interval", 0, "print the totals so far this often: 10s, 1m")
	flags.Var(&f.readyFile, "ready-file", "create this file, with the pid in it, once everything is attached; it is removed at the end")
	flags.Var(&f.user, "user", "run as this user, by name or number, once everything is attached; names of containers need its access to the engine's socket")
	flags.BoolVar(&f.noDrops, "no-drops", false, "do not watch dropped packets: you lose RSTs that end a handshake or a TIME_WAIT, and most ignored ones")
	flags.BoolVar(&f.noMemory, "no-flow-memory", false, "do not remember opened and closed connections: closed-earlier becomes half-open, events after a close have no owner, and no age is known")
	flags.BoolVar(&f.noFollow, "no-followups", false, "do not watch signals and socket errors: you lose the SIGPIPE lines and app.reported")
	flags.BoolVar(&f.seePacket, "see-packets", false, "look at every packet that arrives, so that a received RST has its numbers and TTL also where the kernel does not pass it to its hook; about 0.1 µs for each packet of the host")
	flags.Var(&f.ringSize, "ring-size", "size of the ring buffer, a power of two: 64K to 1G (default 4M)")
	oldName(cmd, "ring-size", "ring")
	flags.StringVar(&f.hostName, "host-name", "", "name of this machine in what is written (default: what the kernel calls it); --host filters addresses")
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// checkHostName refuses names that a query cannot hold.
func (f *sessionFlags) checkHostName(flags *pflag.FlagSet) error {
	if flags.Changed("host-name") && !hostName.MatchString(f.hostName) {
		return fmt.Errorf("--host-name: %q: want a name such as web-1 or web-1.example.org", f.hostName)
	}
	return nil
}

// host is this machine.
func (f *sessionFlags) host() event.Host { return hostid.Of("/", f.hostName) }

// options are those of a tracer that shows the wanted events.
func (f *sessionFlags) options(wanted *filter.Filter, stderr io.Writer) tracing.Options {
	return tracing.Options{
		Filter:       wanted,
		MaxRate:      f.maxRate,
		Attach:       f.attach.method,
		NoDrops:      f.noDrops,
		NoFlowMemory: f.noMemory,
		NoFollowups:  f.noFollow,
		SeePackets:   f.seePacket,
		RingSize:     f.ringSize.bytes,
		Interval:     f.interval,
		AuditAtEnd:   f.audit.on,
		AuditEvery:   f.audit.every,
		Host:         f.host(),
		Warn:         func(warning error) { fmt.Fprintf(stderr, "rsttrace: %v\n", warning) },
	}
}

// open attaches, says what this kernel hides, gives up privileges and publishes the ready
// file.
func (f *sessionFlags) open(ctx context.Context, o tracing.Options, ready *readyFile, stderr io.Writer) (t *tracing.Tracer, err error) {
	if t, err = tracing.Open(o); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			t.Close()
		}
	}()
	limitMemory()
	reportFallbacks(stderr, t.Session().Hooks(), f.attach.method)
	reportAbsent(ctx, stderr, o.Filter)
	if ready.needsPrivileges() {
		if err := ready.publish(); err != nil {
			return nil, err
		}
	}
	if err := dropPrivileges(t.Session().Hooks(), f.user); err != nil {
		if f.user.changes() {
			return nil, err
		}
		fmt.Fprintf(stderr, "rsttrace: keeps privileges that it does not need: %s\n", oneLine(err))
	}
	if err := ready.publish(); err != nil {
		return nil, err
	}
	return t, nil
}
