package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestReadScreenTotals: the totals come behind the screen, with the line ends of a terminal.
func TestReadScreenTotals(t *testing.T) {
	seen := "sent refused  4 per s\x1b[?1049l\x1b[?25h\x1b[2mDIRECTION  CAUSE        EVENTS\x1b[0m\r\n" +
		"sent       closed-port     123\r\nreceived   refused         120\r\n243 events: 20 shown, 220 not shown, 3 lost, 0 missed\r\n"
	got, err := readScreenTotals(seen)
	if err != nil {
		t.Fatal(err)
	}
	want := &totals{Shown: 20, NotShown: 220, Lost: 3, Causes: []event.Count{
		{Dir: event.Sent, Cause: cause.ClosedPort, Events: 123}, {Dir: event.Received, Cause: cause.Refused, Events: 120},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := readScreenTotals("no totals"); err == nil {
		t.Error("nothing was enough")
	}
}

func TestKeyWaits(t *testing.T) {
	var k keyWaits
	if k.report() != "" {
		t.Error("a report about no key")
	}
	for i := range 101 {
		k.add(time.Duration(i) * time.Millisecond)
	}
	if got, want := k.report(), "During refused connects, `rsttrace top` answered a key after 50 ms (median of 101; 95 % within 95 ms)."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
