package report

import "github.com/rsttrace/rsttrace/pkg/event"

// waitingMax is how many events may wait for their other end. It comes within
// milliseconds.
const waitingMax = 4096

// pairs counts resets whose two ends are on this host.
type pairs struct {
	rows    tally // by what pairName returns
	resets  uint64
	waiting map[uint64]end
	order   []uint64 // numbers of events that wait, a ring
	oldest  int
}

// end is what is kept of the first event of a pair.
type end struct {
	dir          event.Dir
	owner, cause string
	event        event.Event // time and losses only
}

func (p *pairs) add(e *event.Event) {
	if first, known := p.waiting[e.PeerEvent]; known && e.PeerEvent != 0 {
		delete(p.waiting, e.PeerEvent)
		p.count(first, endOf(e))
		return
	}
	if p.waiting == nil {
		p.waiting = make(map[uint64]end, waitingMax)
		p.order = make([]uint64, waitingMax)
	}
	delete(p.waiting, p.order[p.oldest])
	p.order[p.oldest] = e.ID
	p.oldest = (p.oldest + 1) % waitingMax
	p.waiting[e.ID] = endOf(e)
}

func endOf(e *event.Event) end {
	return end{e.Dir, ownerOf(e), clip(string(e.Cause)), event.Event{Time: e.Time, Lost: e.Lost}}
}

// forget drops what waits: its numbers mean something else from here on.
func (p *pairs) forget() { clear(p.waiting) }

func (p *pairs) count(a, b end) {
	if a.dir != event.Sent && b.dir == event.Sent {
		a, b = b, a
	}
	p.resets++
	r := p.rows.row(pairName(a, b))
	r.add(&a.event, 0)
	r.unread += uint64(b.event.Lost.UnreadBytes)
	r.unsent += uint64(b.event.Lost.UnsentBytes)
	r.unacked += uint64(b.event.Lost.UnackedBytes)
}

// separator is in no name: names are printable.
const separator = "\x00"

func pairName(sender, receiver end) string {
	return sender.owner + separator + sender.cause + separator + receiver.owner + separator + receiver.cause
}
