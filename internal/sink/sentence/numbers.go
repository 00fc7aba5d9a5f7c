package sentence

import (
	"fmt"
	"strconv"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// numberWords say what a number of a finding is. Durations are in milliseconds.
var numberWords = map[event.NumberName]struct {
	what  string
	write func(uint64) string
}{
	event.SilenceMillis:  {"silence before the end", Millis},
	event.AgeMillis:      {"age of the connection", Millis},
	event.ClosedMillis:   {"from the close to the packet that met it", Millis},
	event.ReceivedBytes:  {"bytes received by the end that acted", cause.Grouped},
	event.SentBytes:      {"bytes sent by the end that acted", cause.Grouped},
	event.UnreadBytes:    {"bytes left unread", cause.Grouped},
	event.IntervalMillis: {"from one reset to the next", Millis},
	event.TTLs:           {"TTL of the RST", cause.Grouped},
}

// Number says what a number of a finding is, and how its values are written. known is
// false for one of a later version.
func Number(name event.NumberName) (what string, write func(uint64) string, known bool) {
	words, known := numberWords[name]
	return words.what, words.write, known
}

// Millis writes a duration as a person would: "44 ms", "3.0 s", "5.8 min", "1.5 h".
func Millis(n uint64) string {
	d := time.Duration(min(n, 1<<52)) * time.Millisecond
	switch {
	case d < time.Second:
		return strconv.FormatUint(n, 10) + " ms"
	case d < 2*time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.1f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	default:
		return fmt.Sprintf("%.1f days", d.Hours()/24)
	}
}
