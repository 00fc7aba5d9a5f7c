package report

import (
	"fmt"
	"strings"
	"time"

	sentences "github.com/rsttrace/rsttrace/internal/sink/sentence"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func plural(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if strings.HasSuffix(what, "s") {
		return cause.Grouped(n) + " " + what + "es"
	}
	return cause.Grouped(n) + " " + what + "s"
}

// counted is a tally in words: "more than 64 peers".
func counted(t event.Tally, what string) string {
	if t.More {
		return "more than " + plural(t.Count, what)
	}
	return plural(t.Count, what)
}

func millis(n uint64) string { return sentences.Millis(n) }

func between(from, to time.Time) string {
	return millis(uint64(max(0, to.Sub(from).Milliseconds())))
}

const (
	clockForm = "15:04:05.000"
	dayForm   = "2 January 2006"
)

// clock writes a time of day, with its date if the page covers several days.
func (s *Sink) clock(t time.Time) string {
	t = t.UTC()
	if sameDay(s.span.first, s.span.last) {
		return t.Format(clockForm)
	}
	return t.Format("2006-01-02 " + clockForm)
}

func sameDay(a, b time.Time) bool {
	return a.UTC().Format(time.DateOnly) == b.UTC().Format(time.DateOnly)
}

// covered is the time of the page in words.
func (s *Sink) covered() string {
	if s.events == 0 {
		return "no event"
	}
	first, last := s.span.first.UTC(), s.span.last.UTC()
	if sameDay(first, last) {
		return first.Format(dayForm+", 15:04:05") + " to " + last.Format("15:04:05") + " UTC"
	}
	return first.Format(dayForm+", 15:04") + " to " + last.Format(dayForm+", 15:04") + " UTC"
}

// share is a part in per cent: "82 %".
func share(part, whole uint64) string {
	if whole == 0 {
		return ""
	}
	percent := float64(part) / float64(whole) * 100
	switch {
	case percent > 0 && percent < 0.1:
		return "< 0.1 %"
	case percent < 10 || percent > 99 && percent < 100:
		return fmt.Sprintf("%.1f %%", percent)
	default:
		return fmt.Sprintf("%.0f %%", percent)
	}
}
