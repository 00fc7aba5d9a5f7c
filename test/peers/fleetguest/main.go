// fleetguest is the only program of a machine of the fleet in fleet_machines_test.go, besides
// rsttrace. It gives the machine its addresses, runs rsttrace serve, plays connections with
// the other machines, and tells the host what it did.
//
// All machines wait for each other: see host.go.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rsttrace/rsttrace/test/peers/fleetplay"
)

// options are the arguments.
type options struct {
	name     string           // of the machine
	roles    []fleetplay.Role // that it plays
	machines int              // that there are
	rounds   int              // in which each play is played once
	ahead    time.Duration    // of the clock of this machine
	quiet    time.Duration    // before the first play and behind the last one
	host     string           // URL of the test
	store    string           // URL of ClickHouse, "": none
	number   int              // of the machine, from 1
}

func main() {
	var o options
	roles := flag.String("roles", "", "")
	flag.StringVar(&o.name, "name", "", "")
	flag.IntVar(&o.number, "number", 1, "")
	flag.IntVar(&o.machines, "machines", 1, "")
	flag.IntVar(&o.rounds, "rounds", 1, "")
	flag.DurationVar(&o.ahead, "ahead", 0, "")
	flag.DurationVar(&o.quiet, "quiet", 0, "")
	flag.StringVar(&o.host, "host", "", "")
	flag.StringVar(&o.store, "store", "", "")
	flag.Parse()
	for role := range strings.SplitSeq(*roles, ",") {
		o.roles = append(o.roles, fleetplay.Role(role))
	}
	if err := o.run(); err != nil {
		fmt.Fprintf(os.Stderr, "fleetguest: %s: %v\n", o.name, err)
		os.Exit(1)
	}
}

func (o *options) has(role fleetplay.Role) bool { return slices.Contains(o.roles, role) }

func (o *options) run() error {
	m, err := o.machine()
	if err != nil {
		return fmt.Errorf("preparing the machine: %w", err)
	}
	h := &host{url: o.host, machines: o.machines}
	if err := h.setClock(o.ahead); err != nil {
		return fmt.Errorf("setting the clock: %w", err)
	}
	a := &actor{options: o, machine: m, host: h}
	if err := a.listen(); err != nil {
		return err
	}
	if o.has(fleetplay.Router) {
		if err := forge(h); err != nil {
			return fmt.Errorf("listening to packets: %w", err)
		}
	}
	tracer, err := o.startTracer()
	if err != nil {
		return err
	}
	if err := o.played(a); err != nil {
		return err
	}
	if err := tracer.stop(); err != nil {
		return err
	}
	if err := h.measured(o.name); err != nil {
		return err
	}
	// Connections that are still open are seen by nobody now.
	return h.meet("all tracers have ended")
}

// played plays once all machines are traced, and returns once all have played.
func (o *options) played(a *actor) error {
	if err := a.host.measured(o.name); err != nil {
		return err
	}
	if err := a.host.meet("all machines are traced"); err != nil {
		return err
	}
	// Nothing is said of the time just before and behind the first and the last coverage line.
	time.Sleep(o.quiet)
	var group errgroup.Group
	for _, role := range o.roles {
		group.Go(func() error { return a.play(role) })
	}
	group.Go(a.served)
	if err := group.Wait(); err != nil {
		return err
	}
	if err := a.host.meet("all plays are over"); err != nil {
		return err
	}
	time.Sleep(o.quiet)
	return nil
}
