// Command wiretruth plays the scenarios of the lab with a capture beside each, and writes
// the archive that package truth compares the verdicts of captures with. It needs root.
//
//	wiretruth [-allow-host-changes] FILE [SCENARIO...]
//
// With scenarios, the rest of the archive stays as it is.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"

	"github.com/rsttrace/rsttrace/internal/capture"
	"github.com/rsttrace/rsttrace/internal/wire/truth"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

func main() {
	if lab.ActorMain() {
		return
	}
	hostChanges := flag.Bool("allow-host-changes", false, "play also what needs a setting of the whole host or a kernel module")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: wiretruth [-allow-host-changes] FILE [SCENARIO...]")
		os.Exit(2)
	}
	if err := interruptible(flag.Arg(0), flag.Args()[1:], *hostChanges); err != nil {
		fmt.Fprintln(os.Stderr, "wiretruth:", err)
		os.Exit(1)
	}
}

func interruptible(path string, names []string, hostChanges bool) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return run(ctx, path, names, hostChanges)
}

func run(ctx context.Context, path string, names []string, hostChanges bool) error {
	var cases []truth.Case
	if len(names) > 0 {
		others, err := others(path, names)
		if err != nil {
			return err
		}
		cases = others
	}
	for _, s := range lab.Scenarios() {
		if s.HostChanges && !hostChanges || len(names) > 0 && !slices.Contains(names, s.Name) {
			continue
		}
		for _, family := range s.Families {
			played, err := play(ctx, s, family)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, lab.ErrUnavailable):
				fmt.Fprintf(os.Stderr, "skipped %s: %v\n", s.Name, err)
			case err != nil:
				return err
			}
			cases = append(cases, played...)
		}
	}
	slices.SortStableFunc(cases, func(a, b truth.Case) int { return cmp.Compare(place(a.Scenario), place(b.Scenario)) })
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(truth.Write(file, cases), file.Close())
}

// others are the cases of the archive that are not of these scenarios.
func others(path string, names []string) ([]truth.Case, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	cases, err := truth.Read(file)
	return slices.DeleteFunc(cases, func(c truth.Case) bool { return slices.Contains(names, c.Scenario) }), err
}

// place is that of a scenario in the list of the lab.
func place(name string) int {
	return slices.IndexFunc(lab.Scenarios(), func(s lab.Scenario) bool { return s.Name == name })
}

// play returns a case for each namespace that saw a RST.
func play(ctx context.Context, s lab.Scenario, family event.Family) ([]truth.Case, error) {
	captures := make(map[string]*capture.Capture)
	packets := make(map[string][]truth.Packet)
	outcome, err := lab.Run(ctx, s, family, lab.Options{
		OnNamespaces: func(namespaces []*lab.Namespace) error {
			for _, n := range namespaces {
				if err := n.Do(func() (err error) { captures[n.Name()], err = capture.OpenAll(); return err }); err != nil {
					return err
				}
			}
			return nil
		},
		BeforeTeardown: func(namespaces []*lab.Namespace) error {
			for _, n := range namespaces {
				seen, err := captures[n.Name()].Packets()
				if err = errors.Join(err, captures[n.Name()].Close()); err != nil {
					return err
				}
				for _, p := range seen {
					if isTCP(p.Data) {
						packets[n.Name()] = append(packets[n.Name()], truth.Packet{Time: p.Time, Data: p.Data})
					}
				}
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	var events []truth.Event
	for _, x := range outcome.Expect {
		from, to := x.Wire()
		events = append(events, truth.Event{Dir: x.Dir, Cause: x.Cause, From: from, To: to, Flags: x.Flags, Firewall: x.Chain != 0})
	}
	var cases []truth.Case
	for _, n := range outcome.Namespaces {
		if len(packets[n.Name]) == 0 {
			continue
		}
		cases = append(cases, truth.Case{Scenario: s.Name, Family: family, Namespace: n.Name, Events: events, PCAP: truth.PCAP(packets[n.Name])})
	}
	return cases, nil
}

// isTCP leaves out neighbour discovery and the like. Scenarios have no extension headers.
func isTCP(packet []byte) bool {
	const tcp = 6
	if len(packet) < 20 {
		return false
	}
	if packet[0]>>4 == 6 {
		return packet[6] == tcp
	}
	return packet[0]>>4 == 4 && packet[9] == tcp
}
