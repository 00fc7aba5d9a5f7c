package queued

import "github.com/rsttrace/rsttrace/pkg/event"

// item is one call of a sink. It owns its memory.
type item struct {
	event *event.Event
	call  func(to event.Sink) error // nil: of the event
	bytes int64
}

func (i *item) give(to event.Sink) error {
	if i.call != nil {
		return i.call(to)
	}
	return to.Event(i.event)
}

// queue is a ring of items.
type queue struct {
	ring  []item
	head  int
	count int
	bytes int64
}

func (q *queue) push(i item) {
	if q.count == len(q.ring) {
		q.grow()
	}
	q.ring[(q.head+q.count)%len(q.ring)] = i
	q.count++
	q.bytes += i.bytes
}

func (q *queue) pop() item {
	first := q.ring[q.head]
	q.ring[q.head] = item{}
	q.head = (q.head + 1) % len(q.ring)
	q.count--
	q.bytes -= first.bytes
	return first
}

func (q *queue) grow() {
	larger := make([]item, max(64, 2*len(q.ring)))
	for at := range q.count {
		larger[at] = q.ring[(q.head+at)%len(q.ring)]
	}
	q.ring, q.head = larger, 0
}

// What items take in memory, roughly: their structs, and the texts that are their own.
const (
	eventBytes   = 3 << 10
	findingBytes = 2 << 10
	smallBytes   = 512
	rowBytes     = 512
	countBytes   = 64
)

func weighEvent(e *event.Event) int64 {
	bytes := eventBytes + len(e.Summary) + len(e.Remedy) + len(e.Owner.Cmdline) + len(e.Initiator.Cmdline)
	bytes += len(e.Frames.RST.Data) + len(e.Frames.Trigger.Data)
	for _, text := range e.Because {
		bytes += len(text)
	}
	return int64(bytes)
}

func weighFinding(f *event.Finding) int64 {
	return int64(findingBytes + len(f.Summary) + len(f.Remedy) + 8*len(f.Absorbed))
}

func weighTotals(t *event.Totals) int64 {
	bytes := smallBytes + countBytes*len(t.Counts)
	if t.Tops != nil {
		bytes += rowBytes * (len(t.Tops.Owners.Rows) + len(t.Tops.Peers.Rows) + len(t.Tops.Ports.Rows))
	}
	return int64(bytes)
}

func weighAudit(a *event.Audit) int64 { return int64(smallBytes + rowBytes*len(a.Counters)) }

func weighCoverage(c *event.Coverage) int64 {
	const each = 32
	return int64(smallBytes + len(c.Filter) + each*(len(c.Limits)+len(c.Addresses)))
}
