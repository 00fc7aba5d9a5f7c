package main

import (
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// load is a kind of traffic.
type load struct {
	name   string
	unit   string                 // of one operation, plural
	causes []event.Count          // what one operation counts as, once each
	open   func() (worker, error) // in the namespace
}

// worker makes the traffic. It allocates nothing and enters the kernel without
// telling the Go runtime: that would cost more than some of the tracers.
type worker interface {
	operate() error
	close()
}

var (
	refusedConnects = load{name: "refused connects", unit: "connects", causes: []event.Count{{Dir: event.Sent, Cause: cause.ClosedPort}, {Dir: event.Received, Cause: cause.Refused}}, open: openRefused}
	abortedConnects = load{name: "aborted connections", unit: "connections", causes: []event.Count{{Dir: event.Sent, Cause: cause.LingerZero}, {Dir: event.Received, Cause: cause.PeerAborted}}, open: openAborted}
	churn           = load{name: "connect, transfer, close", unit: "connections", open: openChurn}
	requests        = load{name: "requests and responses", unit: "requests", open: openRequests}
	bulk            = load{name: "bulk transfer", unit: "blocks of 64 KiB", open: openBulk}
)

// sent is how many RSTs so many operations send.
func (l load) sent(operations uint64) uint64 {
	if len(l.causes) == 0 {
		return 0
	}
	return operations
}
