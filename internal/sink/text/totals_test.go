package text

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestWhyNotShown: users who have no filter of their own are not told that one hides events.
func TestWhyNotShown(t *testing.T) {
	sent := event.Count{Dir: event.Sent, Cause: cause.ClosedPort, Events: 9}
	for _, test := range []struct {
		name       string
		unfiltered bool
		counts     []event.Count
		want       string
	}{
		{"a filter", false, []event.Count{sent}, "the filter does not want them, or they were too many for one second (--max-rate);"},
		{"no filter", true, []event.Count{sent}, "they were too many for one second (--max-rate);"},
		{"ignored ones", true, []event.Count{sent, {Dir: event.Ignored, Cause: cause.RSTBadChecksum, Events: 2}}, "ignored RSTs (--direction all shows them), or too many"},
		{"none ignored", true, []event.Count{sent, {Dir: event.Ignored, Cause: cause.RSTBadChecksum}}, "they were too many"},
	} {
		var out bytes.Buffer
		s := New(&out, Options{Width: 200, Fold: true, Unfiltered: test.unfiltered, Location: time.UTC})
		must(t, s.Finding(&event.Finding{ID: 1, Phase: event.FindingBegins, Cause: cause.ClosedPort, Resets: 1}))
		must(t, s.Totals(&event.Totals{Counts: test.counts, Shown: 1, NotShown: 8}))
		must(t, s.Flush(time.Time{}))
		if !strings.Contains(out.String(), test.want) {
			t.Errorf("%s: %q is not in\n%s", test.name, test.want, &out)
		}
	}
}
