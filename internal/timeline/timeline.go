// Package timeline counts events by time, without knowing beforehand how long it takes.
package timeline

import "time"

// Timeline counts events by time and by a number, such as that of their cause. Its bins
// have one width, which doubles whenever they would become too many. So one pass is
// enough, whatever the time that it covers.
type Timeline struct {
	Most  int        // bins; at least 2
	Width int64      // of a bin, in milliseconds
	First int64      // number of the first bin since 1970
	Rows  [][]uint64 // by number, then by bin from First on; a row may be shorter than others
	Bins  int
}

// Add counts an event.
func (t *Timeline) Add(number int, at time.Time) {
	for len(t.Rows) <= number {
		t.Rows = append(t.Rows, nil)
	}
	if t.Width == 0 {
		t.Width = 1
	}
	bin := FloorDiv(at.UnixMilli(), t.Width)
	if t.Bins == 0 {
		t.First, t.Bins = bin, 1
	}
	for max(t.First+int64(t.Bins)-1, bin)-min(t.First, bin) >= int64(t.Most) {
		t.double()
		bin = FloorDiv(at.UnixMilli(), t.Width)
	}
	if bin < t.First {
		t.extendDown(int(t.First - bin))
	}
	at0 := int(bin - t.First)
	t.Bins = max(t.Bins, at0+1)
	row := t.Rows[number]
	for len(row) <= at0 {
		row = append(row, 0)
	}
	row[at0]++
	t.Rows[number] = row
}

// double makes one bin of two.
func (t *Timeline) double() {
	t.Width *= 2
	first := FloorDiv(t.First, 2)
	last := FloorDiv(t.First+int64(t.Bins)-1, 2)
	for r, row := range t.Rows {
		if row == nil {
			continue
		}
		wide := make([]uint64, 0, t.Most)
		for i, n := range row {
			at := int(FloorDiv(t.First+int64(i), 2) - first)
			for len(wide) <= at {
				wide = append(wide, 0)
			}
			wide[at] += n
		}
		t.Rows[r] = wide
	}
	t.First, t.Bins = first, int(last-first)+1
}

// extendDown puts empty bins in front.
func (t *Timeline) extendDown(n int) {
	for r, row := range t.Rows {
		if row != nil {
			t.Rows[r] = append(make([]uint64, n, t.Most), row...)
		}
	}
	t.First -= int64(n)
	t.Bins += n
}

// Merge adds the counts of one number to another one.
func (t *Timeline) Merge(from, to int) {
	if from >= len(t.Rows) || from == to {
		return
	}
	for len(t.Rows) <= to {
		t.Rows = append(t.Rows, nil)
	}
	for i, n := range t.Rows[from] {
		for len(t.Rows[to]) <= i {
			t.Rows[to] = append(t.Rows[to], 0)
		}
		t.Rows[to][i] += n
	}
	t.Rows[from] = nil
}

// Start is when the first bin begins.
func (t *Timeline) Start() time.Time { return time.UnixMilli(t.First * t.Width).UTC() }

// End is when the last bin ends.
func (t *Timeline) End() time.Time {
	return time.UnixMilli((t.First + int64(t.Bins)) * t.Width).UTC()
}

// FloorDiv divides, and rounds down also what is negative.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
