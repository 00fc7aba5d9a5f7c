package main

import "time"

// tracer is something that watches resets.
type tracer struct {
	name  string
	start func(*loadns) (running, error) // errMissing: this machine does not have it
}

// running is a tracer that is attached. One of the two methods ends it.
type running interface {
	// stop ends it after the given operations of a load and says what it cost;
	// errDisturbed: others had resets meanwhile.
	stop(l load, operations uint64) (account, error)
	kill()
}

// account is what a tracer reports of itself, and the kernel of it.
type account struct {
	operations uint64        // made while it was attached
	lost       uint64        // events that it saw and did not show
	cpu        time.Duration // of its processes, from start to end
}

// untraced is no tracer at all, to know how far two equal slices differ.
var untraced = tracer{name: "nothing (untraced)", start: func(*loadns) (running, error) { return idle{}, nil }}

type idle struct{}

func (idle) stop(load, uint64) (account, error) { return account{}, nil }
func (idle) kill()                              {}
