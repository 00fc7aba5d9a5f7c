package screen

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// FindingsMax is how many findings are known. The one that is quiet longest makes room.
const FindingsMax = 1000

// aliveFor is how long after its last reset a finding counts as alive.
const aliveFor = 10 * time.Second

// Finding is an incident as it is now.
type Finding struct {
	*event.Finding // is not changed any more
	Alive          bool
	Rate           float64
	Series         [Seconds]float64
}

type findingRow struct {
	latest  *event.Finding
	history history
}

// findings are the incidents by number.
type findings map[uint64]*findingRow

func (f findings) add(now *event.Finding) {
	for _, id := range now.Absorbed {
		delete(f, id)
	}
	row := f[now.ID]
	if row == nil {
		if len(f) >= FindingsMax {
			f.forgetOne()
		}
		row = new(findingRow)
		f[now.ID] = row
		row.history.spread(now.First, now.Last, float64(now.Resets))
	} else if before := row.latest; now.Resets > before.Resets {
		row.history.spread(before.Last, now.Last, float64(now.Resets-before.Resets))
	}
	row.latest = now.Clone()
}

// forgetOne removes the finding that is quiet longest.
func (f findings) forgetOne() {
	var oldest *event.Finding
	for _, row := range f {
		if oldest == nil || row.latest.Last.Before(oldest.Last) {
			oldest = row.latest
		}
	}
	delete(f, oldest.ID)
}

// list returns the findings that are wanted, in no order.
func (f findings) list(now time.Time, wanted func(*event.Finding) bool) []Finding {
	rows := make([]Finding, 0, len(f))
	for _, row := range f {
		if wanted(row.latest) {
			rows = append(rows, Finding{row.latest, now.Sub(row.latest.Last) < aliveFor, row.history.rate(now), row.history.series(now)})
		}
	}
	return rows
}
