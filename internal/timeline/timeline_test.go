package timeline

import (
	"math/rand/v2"
	"testing"
	"time"
)

var start = time.Date(2026, 3, 3, 3, 12, 45, 0, time.UTC)

// TestTimelineLosesNothing: whatever the order and the distance of events, every one is in
// a bin, the bin is that of its time, and there are not too many.
func TestTimelineLosesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		line := Timeline{Most: 16}
		var times []time.Time
		for range 1 + random.IntN(50) {
			at := start.Add(time.Duration(random.Int64N(1 << (10 + round%48))))
			times = append(times, at)
			line.Add(random.IntN(3), at)
		}
		var sum uint64
		for _, row := range line.Rows {
			if len(row) > line.Bins {
				t.Fatalf("round %d: a row has %d bins of %d", round, len(row), line.Bins)
			}
			for _, n := range row {
				sum += n
			}
		}
		if line.Bins > line.Most || sum != uint64(len(times)) {
			t.Fatalf("round %d: %d bins, %d of %d events", round, line.Bins, sum, len(times))
		}
		for _, at := range times {
			if at.Before(line.Start()) || !at.Before(line.End()) {
				t.Fatalf("round %d: %v is not from %v to %v", round, at, line.Start(), line.End())
			}
		}
	}
}

func TestTimelineOfStrangeTimes(t *testing.T) {
	line := Timeline{Most: 4}
	line.Add(0, time.Time{})
	line.Add(0, time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))
	line.Add(1, time.Unix(0, 0))
	line.Merge(1, 0)
	var sum uint64
	for _, n := range line.Rows[0] {
		sum += n
	}
	if sum != 3 || line.Bins > 4 {
		t.Errorf("%+v", line)
	}
}
