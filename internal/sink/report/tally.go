package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// rowsMax bounds a tally.
const rowsMax = 4096

// tally counts events by a name. When it is full, the rarer half of its rows is taken
// out. Then a row may lack events from before it came back: it never has too many.
type tally struct {
	rows     map[string]*row
	takenOut uint64 // events of rows that were taken out
}

// row is what is known of the events of one thing.
type row struct {
	events      uint64
	byCause     []causeCount // few
	first, last time.Time
	unread      uint64
	unsent      uint64
	unacked     uint64
}

// causeCount is how many events of a row have the cause of a number.
type causeCount struct {
	cause  int
	events uint64
}

// row returns the row of a key. It is valid until the next call.
func (t *tally) row(k string) *row {
	if r := t.rows[k]; r != nil {
		return r
	}
	if t.rows == nil {
		t.rows = make(map[string]*row)
	}
	if len(t.rows) >= rowsMax {
		t.shrink()
	}
	r := new(row)
	t.rows[k] = r
	return r
}

func (t *tally) shrink() {
	for _, k := range t.sorted()[rowsMax/2:] {
		t.takenOut += t.rows[k].events
		delete(t.rows, k)
	}
}

// sorted lists the keys, the most frequent first.
func (t *tally) sorted() []string {
	keys := make([]string, 0, len(t.rows))
	for k := range t.rows {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(t.rows[b].events, t.rows[a].events), cmp.Compare(a, b))
	})
	return keys
}

func (r *row) add(e *event.Event, cause int) {
	r.events++
	if r.first.IsZero() || e.Time.Before(r.first) {
		r.first = e.Time
	}
	if e.Time.After(r.last) {
		r.last = e.Time
	}
	r.unread += uint64(e.Lost.UnreadBytes)
	r.unsent += uint64(e.Lost.UnsentBytes)
	r.unacked += uint64(e.Lost.UnackedBytes)
	at := slices.IndexFunc(r.byCause, func(c causeCount) bool { return c.cause == cause })
	if at < 0 {
		at = len(r.byCause)
		r.byCause = append(r.byCause, causeCount{cause: cause})
	}
	r.byCause[at].events++
}

// of is how many events of the row have a cause.
func (r *row) of(cause int) uint64 {
	for _, c := range r.byCause {
		if c.cause == cause {
			return c.events
		}
	}
	return 0
}

// main is the commonest cause of the row; of two the one that came first.
func (r *row) main() causeCount {
	return slices.MaxFunc(r.byCause, func(a, b causeCount) int {
		return cmp.Or(cmp.Compare(a.events, b.events), cmp.Compare(b.cause, a.cause))
	})
}

// lost is how many bytes died with the connections.
func (r *row) lost() uint64 { return r.unread + r.unsent + r.unacked }

// numbered gives names the numbers 0, 1, 2 in the order in which they come. The last
// number is for all names that found no room.
type numbered struct {
	numbers map[string]int
	names   []string
}

// namesMax is more than there are causes.
const namesMax = 128

const otherNames = "others"

func (n *numbered) of(name string) int {
	if at, known := n.numbers[name]; known {
		return at
	}
	if n.numbers == nil {
		n.numbers = make(map[string]int)
	}
	if len(n.names) >= namesMax-1 {
		name = otherNames
		if at, known := n.numbers[name]; known {
			return at
		}
	}
	n.numbers[name] = len(n.names)
	n.names = append(n.names, name)
	return len(n.names) - 1
}
