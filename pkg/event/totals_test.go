package event_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestSorted(t *testing.T) {
	totals := event.Totals{Counts: []event.Count{
		{Dir: event.Ignored, Cause: "rst-old", Events: 99},
		{Dir: event.Received, Cause: "refused", Events: 5},
		{Dir: event.Sent, Cause: "half-open", Events: 2},
		{Dir: event.Sent, Cause: "disconnect", Events: 2},
		{Dir: event.Sent, Cause: "closed-port", Events: 3},
	}}
	want := []event.CauseID{"closed-port", "disconnect", "half-open", "refused", "rst-old"}
	var got []event.CauseID
	for _, c := range totals.Sorted() {
		got = append(got, c.Cause)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if totals.Counts[0].Cause != "rst-old" {
		t.Error("Sorted changed the totals")
	}
	if totals.Events() != 111 {
		t.Errorf("%d events, want 111", totals.Events())
	}
}
