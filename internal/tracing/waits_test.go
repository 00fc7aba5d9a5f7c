package tracing

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/owner"
)

// TestWaitsInPages: how long an event waits is what the pages say, and the
// documentation of package tracer.
func TestWaitsInPages(t *testing.T) {
	for _, c := range []struct {
		file, before string // what stands before the number
		want         time.Duration
	}{
		{"../../docs/architecture.md", "| its owner | ", owner.Patience},
		{"../../docs/architecture.md", "was read. After ", owner.PatienceToWalk},
		{"../../docs/architecture.md", "| the event of the other end | ", pairPatience},
		{"../../docs/architecture.md", "sent the RST (`peerSent`) | ", provePatience},
		{"../../docs/architecture.md", "that the kernel reports for it | ", errorPatience},
		{"../../docs/architecture.md", "if a filter asks for it | ", namePatience},
		{"../../docs/architecture.md", "equal, too. At most ", pairWindow},
		{"../../docs/architecture.md", "muted in the kernel, every ", muteInterval},
		{"../../docs/event-schema.md", "names the later one if that came within ", pairPatience},
		{"../../pkg/tracer/doc.go", "at most ", pairPatience},
		{"../../pkg/tracer/doc.go", "other end, ", owner.Patience},
		{"../../pkg/tracer/doc.go", "its owner, and ", owner.PatienceToWalk},
	} {
		text, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		prose := strings.Join(strings.Fields(strings.ReplaceAll(string(text), "\n//", "\n")), " ")
		found := regexp.MustCompile(regexp.QuoteMeta(strings.TrimSpace(c.before))+` ([\d.]+) (ms|s)\b`).FindAllStringSubmatch(prose, -1)
		if len(found) != 1 {
			t.Errorf("%s: %d times with a number: %q", c.file, len(found), c.before)
			continue
		}
		number, err := strconv.ParseFloat(found[0][1], 64)
		if err != nil {
			t.Fatal(err)
		}
		unit := map[string]time.Duration{"ms": time.Millisecond, "s": time.Second}[found[0][2]]
		if got := time.Duration(number * float64(unit)); got != c.want {
			t.Errorf("%s: %q %s, the code has %s", c.file, c.before, got, c.want)
		}
	}
}
