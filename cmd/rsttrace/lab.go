package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/internal/selftest"
	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// labFlags are the flags of the lab command.
type labFlags struct {
	outputFlags
	attach methodFlag
	family string
	list   bool
	// hostChanges allows what the rest of the machine would notice.
	hostChanges bool
}

func newLab() *cobra.Command {
	var flags labFlags
	cmd := &cobra.Command{
		Use:   "lab [SCENARIO...]",
		Short: "Provoke resets for real and see each one explained",
		Long: `lab plays situations that end in a reset, and shows how rsttrace explains each.
It is the quickest way to see rsttrace work, and to learn where resets come from.

Real processes play in network namespaces that vanish with them. The rest of the
machine does not notice. A few scenarios need a setting of the whole host
(orphan-limit) or a kernel module (firewall rules, destroyed sockets): they are
left out without --allow-host-changes.`,
		Example: `  rsttrace lab                # all of them, one after the other, the classics first
  rsttrace lab --list         # what there is
  rsttrace lab broken-pipe -o json`,
		ValidArgsFunction: cobra.FixedCompletions(scenarioNames(), cobra.ShellCompDirectiveNoFileComp),
		RunE: func(cmd *cobra.Command, args []string) error {
			return flags.run(cmd, args)
		},
	}
	flags.outputFlags.register(cmd)
	flags.attach.register(cmd)
	cmd.Flags().StringVar(&flags.family, "family", "ipv4", "address family: ipv4 or ipv6")
	cmd.Flags().BoolVar(&flags.hostChanges, "allow-host-changes", false, "play also what needs a setting of the whole host or a kernel module")
	cmd.Flags().BoolVar(&flags.list, "list", false, "list the scenarios")
	complete(cmd, "family", "ipv4", "ipv6")
	return cmd
}

func (f *labFlags) run(cmd *cobra.Command, names []string) error {
	scenarios, err := findScenarios(names, lab.Classics())
	if err != nil {
		return err
	}
	if err := f.outputFlags.check(); err != nil {
		return err
	}
	if err := checkPairs(cmd); err != nil {
		return err
	}
	family, err := familyOf("family", f.family)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if f.list {
		if len(names) == 0 {
			scenarios = lab.Scenarios()
		}
		for _, s := range scenarios {
			fmt.Fprintf(out, "%-36s %s\n", s.Name, s.Title)
		}
		return nil
	}
	t, err := tracing.Open(tracing.Options{Attach: f.attach.method})
	if err != nil {
		return err
	}
	defer t.Close()
	stage := &stage{text: out, sink: f.open(out), quiet: !f.chosen().forPeople}
	return f.perform(cmd.Context(), t, stage, scenarios, family)
}

// perform plays the scenarios while the tracer watches.
func (f *labFlags) perform(ctx context.Context, t *tracing.Tracer, stage *stage, scenarios []lab.Scenario, family event.Family) error {
	watching, stop := context.WithCancel(ctx)
	live, err := selftest.StartLive(watching, t, stage)
	if err != nil {
		stop()
		return err
	}
	// The tracer is used until Wait returns: only then may it be closed.
	defer func() {
		stop()
		_ = live.Wait() // its error was one of Settle
		live.Close()
	}()
	for i, s := range scenarios {
		if ctx.Err() != nil {
			return interrupted(i, len(scenarios))
		}
		stage.open(s)
		if s.HostChanges && !f.hostChanges {
			stage.step("not played: it changes a setting of the whole host, or loads a module; --allow-host-changes plays it", nil)
			continue
		}
		_, err := lab.Run(ctx, s, family, lab.Options{
			OnNamespaces: func(namespaces []*lab.Namespace) error {
				// Their numbers may have been an earlier namespace's: let its
				// resets pass first.
				return errors.Join(live.Settle(), stage.admit(namespaces))
			},
			Step: func(text string) { stage.step(text, live.Settle()) },
		})
		if errors.Is(err, lab.ErrUnavailable) {
			stage.step("cannot be played here: "+err.Error(), nil)
			continue
		}
		err = errors.Join(err, live.Settle(), stage.failure())
		if ctx.Err() != nil {
			return interrupted(i, len(scenarios))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stage prints what happens and what the tracer says of it. Events come from
// the tracer's goroutine.
type stage struct {
	event.NopSink
	mutex  sync.Mutex
	text   io.Writer
	sink   event.Sink
	quiet  bool            // no sentences between the events
	netns  map[uint32]bool // of the scenario that plays
	shown  shownNumbers
	failed error
}

func (s *stage) open(scenario lab.Scenario) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.quiet {
		fmt.Fprintf(s.text, "\n== %s: %s\n%s\n\n", scenario.Name, scenario.Title, scenario.Story)
	}
}

// admit lets only events of the scenario's own namespaces onto the stage.
func (s *stage) admit(namespaces []*lab.Namespace) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.netns = make(map[uint32]bool)
	s.shown.forget()
	for _, n := range namespaces {
		s.netns[n.Inode()] = true
	}
	return nil
}

func (s *stage) step(text string, problem error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.failed = errors.Join(s.failed, problem)
	if !s.quiet {
		fmt.Fprintf(s.text, "   %s\n", text)
	}
}

// Event shows an event of the scenario that plays.
func (s *stage) Event(e *event.Event) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.netns[e.Netns.Inode] {
		return nil
	}
	numbered := *e
	s.shown.number(&numbered)
	s.failed = errors.Join(s.failed, s.sink.Event(&numbered), s.sink.Flush(numbered.Time))
	return nil
}

// Followup shows what followed from an event that was shown.
func (s *stage) Followup(f *event.Followup) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	numbered := *f
	if numbered.Event = s.shown.of[f.Event]; numbered.Event != 0 {
		s.failed = errors.Join(s.failed, s.sink.Followup(&numbered), s.sink.Flush(numbered.Time))
	}
	return nil
}

func (s *stage) failure() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.failed
}

// shownNumbers are the numbers of the events on the stage: the tracer has
// numbered many more.
type shownNumbers struct {
	last uint64
	of   map[uint64]uint64 // by the tracer's number, of the scenario that plays
}

func (n *shownNumbers) forget() { n.of = make(map[uint64]uint64) }

// number gives e the next number. The number of an event that is yet to come is
// not known. Words that name the event before it are written again.
func (n *shownNumbers) number(e *event.Event) {
	n.last++
	n.of[e.ID] = n.last
	e.ID, e.PeerEvent = n.last, n.of[e.PeerEvent]
	if e.Earlier.Event == 0 {
		return
	}
	if e.Earlier.Event = n.of[e.Earlier.Event]; e.Earlier.Event == 0 {
		e.Earlier = event.Earlier{}
	}
	reported := e.App.Reported // by the kernel: words do not change it
	cause.Explain(e)
	e.App.Reported = reported
}

// familyOf is the address family that the value of a flag names.
func familyOf(flag, value string) (event.Family, error) {
	if family := event.Family(value); family == event.IPv4 || family == event.IPv6 {
		return family, nil
	}
	return "", usageError{fmt.Errorf("--%s %q: want ipv4 or ipv6", flag, value)}
}
