package tracer

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// Options for Open. The zero value traces everything by the best methods.
type Options struct {
	// Filter says which events the sink gets; nil: all. Totals count all events,
	// except for those in Totals.NotCounted.
	Filter *filter.Filter
	// Summary counts events and gives none: the cheapest mode.
	Summary bool
	// MaxRate bounds the details of each kind of event, per second and CPU; 0: no
	// bound. The first of a kind always comes through.
	MaxRate uint32
	// Stacks takes the kernel stack of each event.
	Stacks bool
	// Packets fills Event.Frames. Records become two or three times as long, so fewer fit
	// into the ring buffer.
	Packets bool
	// SeePackets looks at every packet that arrives, if the kernel does not pass a received
	// RST to its hook. Then Event.RST of received RSTs is known on such a kernel, too.
	// It costs time for each packet of the host: see docs/kernel.md.
	SeePackets bool
	// Top is how many owners, peers and local ports Totals lists; 0: it lists
	// none, and they are not counted.
	Top int

	// Attach forces one attach method for the reset hooks; "" chooses the best one
	// for each hook.
	Attach event.Method
	// NoDrops leaves the kernel's drop hook alone. RSTs that end a request socket or
	// a TIME_WAIT mini-socket are then not seen.
	NoDrops bool
	// NoFlowMemory does not note which processes opened and closed connections:
	// closed-earlier is then reported as half-open, what comes after a close has no
	// owner, and no age is known.
	NoFlowMemory bool
	// NoFollowups leaves the signal and error hooks alone: no follow-ups come, and
	// no event has App.Reported.
	NoFollowups bool
	// RingSize is the size of the ring buffer, a power of two and a multiple of
	// the page size; 0: 4 MiB.
	RingSize uint32

	// Interval is how often Run reports the totals so far. 0: only at its end.
	Interval time.Duration
	// AuditAtEnd compares events with the kernel's own counters once, at the end of
	// Run.
	AuditAtEnd bool
	// AuditEvery compares them this often, and at the end; 0: not.
	AuditEvery time.Duration
	// Warn is called in the stream with what does not work as it should and is no
	// reason to end it, each once; nil: nobody is told.
	Warn func(error)
	// Host is what every item says of this machine: see event.Host. Zero: nothing.
	Host event.Host
}
