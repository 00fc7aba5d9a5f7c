package selftest

import (
	"slices"

	"github.com/rsttrace/rsttrace/internal/audit"
	"github.com/rsttrace/rsttrace/internal/capture"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// checkWire holds the events in a namespace against the packets there: each RST
// that must be on the wire is, with the addresses, flags and sequence number
// that the event reports, and none is there beside them.
func (c *comparison) checkWire(n lab.NamespaceInfo) {
	left := slices.Clone(c.witness.segments[n.Name])
	seen := make(map[int]bool) // pairs: on loopback both ends are here, and one packet
	for i, expected := range c.outcome.Expect {
		if expected.Namespace != n.Name || !expected.OnWire {
			continue
		}
		at := findSegment(left, expected, c.matched[i])
		if at < 0 && seen[expected.Pair] {
			at = findSegment(c.witness.segments[n.Name], expected, c.matched[i])
			if at >= 0 {
				continue
			}
		}
		if at < 0 {
			c.problemf("%s %s at %s: no RST like this was on the wire in %s: %s", expected.Dir, expected.Cause, expected.Local, n.Name, describe(c.matched[i]))
			continue
		}
		if !seen[expected.Pair] {
			left = slices.Delete(left, at, at+1)
			seen[expected.Pair] = true
		}
	}
	for _, s := range left {
		c.problemf("on the wire in %s and not expected: %s", n.Name, s)
	}
}

// findSegment finds the packet of an event. Numbers count where the event has
// them: a hook that does not get the RST reports none.
func findSegment(segments []capture.Segment, expected lab.Expectation, e *event.Event) int {
	from, to := expected.Wire()
	return slices.IndexFunc(segments, func(s capture.Segment) bool {
		if s.Src != from || s.Dst != to || s.Flags != expected.Flags {
			return false
		}
		if e == nil || e.RST.Flags == 0 {
			return true
		}
		return s.Flags == e.RST.Flags && s.Seq == e.RST.Seq && (!s.Flags.Has(event.ACK) || s.Ack == e.RST.Ack)
	})
}

func describe(e *event.Event) string {
	if e == nil {
		return "(not reported)"
	}
	s := capture.Segment{Src: e.Local, Dst: e.Peer, Flags: e.RST.Flags, Seq: e.RST.Seq, Ack: e.RST.Ack}
	if e.Dir != event.Sent {
		s.Src, s.Dst = e.Peer, e.Local
	}
	return s.String()
}

// checkCounters holds the events in a namespace against the kernel's counters.
// What this kernel cannot show is added from the expectation, so that what it
// can show must still add up exactly.
func (c *comparison) checkCounters(n lab.NamespaceInfo) {
	counts := make(audit.Counts)
	for i := range c.events {
		if c.events[i].Netns.Inode == n.Inode {
			counts.Add(&c.events[i])
		}
	}
	for i, expected := range c.outcome.Expect {
		if expected.Namespace == n.Name && c.matched[i] == nil && c.hiddenBy(expected) != "" {
			counts.Add(&event.Event{
				Dir: expected.Dir, Cause: expected.Cause,
				Evidence: event.Evidence{Hook: expected.Hook, Socket: expected.Socket},
			})
		}
	}
	for _, row := range audit.Check(c.witness.growth[n.Name], counts) {
		excess := c.counterExcess(n.Name, row.Counter)
		if exact := row.Exact && excess == 0 || row.Kernel == uint64(int(row.Counted)+excess); !exact {
			c.problemf("%s in %s grew by %d, the events make %d (%s)", row.Counter, n.Name, row.Kernel, row.Counted, row.Note)
		}
	}
}

// counterExcess is by how much a counter shows more than the events explain, as the
// scenario says.
func (c *comparison) counterExcess(namespace, counter string) (more int) {
	for _, u := range c.outcome.CounterExceptions {
		if u.Namespace == namespace && u.Counter == counter {
			more += u.More
		}
	}
	return more
}
