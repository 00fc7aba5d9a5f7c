package report

import (
	"fmt"
	"testing"

	"github.com/rsttrace/rsttrace/internal/timeline"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestPeaks: equal silences stand out from any number of others, and an even spread has
// no peak.
func TestPeaks(t *testing.T) {
	var d durations
	for i := range uint64(1000) {
		d.add(1 + i*400)
	}
	if peaks := d.peaks(); len(peaks) > 0 {
		t.Errorf("an even spread has peaks: %+v", peaks)
	}
	for i := range uint64(300) {
		d.add(350_000 + i%90)
	}
	for range 200 {
		d.add(60_005)
	}
	peaks := d.peaks()
	if len(peaks) != 2 || peaks[0].least > 350_000 || peaks[0].most < 350_089 || peaks[1].least > 60_005 || peaks[1].most < 60_005 {
		t.Fatalf("%+v", peaks)
	}
	const want = "Known for that limit: AWS Network Load Balancer, NAT gateway and Transit Gateway (350 s)."
	if got := peaks[0].text("had no payload", d.resets); len(got) < len(want) || got[len(got)-len(want):] != want {
		t.Errorf("%q", got)
	}
}

// TestTallyIsBounded: a frequent key stays, and no event is counted twice.
func TestTallyIsBounded(t *testing.T) {
	var tally tally
	e := &event.Event{Time: fixture.Start}
	for i := range 5 * rowsMax {
		tally.row(fmt.Sprint(i)).add(e, 0)
		tally.row("frequent").add(e, 1)
	}
	var sum uint64
	for _, r := range tally.rows {
		sum += r.events
	}
	if len(tally.rows) > rowsMax || tally.rows["frequent"].events != 5*rowsMax || sum+tally.takenOut != 10*rowsMax {
		t.Errorf("%d rows, %d of the frequent one, %d + %d events", len(tally.rows), tally.rows["frequent"].events, sum, tally.takenOut)
	}
}

// TestFindingsAreBounded: what hurts most stays.
func TestFindingsAreBounded(t *testing.T) {
	f := findings{when: timeline.Timeline{Most: binsOfFinding}}
	for id := uint64(1); id <= 3*findingsMax; id++ {
		f.seen(&event.Event{Finding: id, Time: fixture.Start})
		one := event.Finding{ID: id, Resets: 1, Harmless: id != 7}
		if id == 7 {
			one.Lost.UnsentBytes = 9
		}
		f.take(&one)
	}
	if len(f.byID) > findingsMax || f.ranked()[0].ID != 7 || uint64(len(f.byID))+f.forgot != 3*findingsMax {
		t.Errorf("%d findings, %d forgotten, first #%d", len(f.byID), f.forgot, f.ranked()[0].ID)
	}
	if rows := len(f.when.Rows); rows > findingsMax+1 {
		t.Errorf("%d rows of the time line", rows)
	}
}

func TestNames(t *testing.T) {
	var n numbered
	for i := range 2 * namesMax {
		if got := n.of(fmt.Sprint(i)); got >= namesMax {
			t.Fatalf("number %d", got)
		}
	}
	if n.names[n.of("new")] != otherNames {
		t.Errorf("a name beyond the limit is %q", n.names[n.of("new")])
	}
}

func TestWords(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 ms", 999: "999 ms", 1000: "1.0 s", 350_000: "5.8 min", 3 * hour: "3.0 h", 5 * day: "5.0 days", 1 << 63: "52 125.0 days"} {
		if got := millis(n); got != want && n < 1<<60 {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	for n, want := range map[uint64]uint64{1: 1, 3: 5, 11: 20, 5000: 5000, 5001: 10_000, 1<<64 - 1: 1<<64 - 1} {
		if got := round(n); got != want {
			t.Errorf("%d: %d, want %d", n, got, want)
		}
	}
	for n, want := range map[uint64]string{60: "60 s", 240: "4 min", 350: "350 s", 3600: "1 h", 432000: "5 d"} {
		if got := shortLimit(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
