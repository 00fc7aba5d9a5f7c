package view

import (
	"bytes"

	"github.com/rsttrace/rsttrace/internal/sink/text"
)

// style is the parameters of a sequence that begins a style: "1;31". Nothing is told by
// colour alone, and only the eight basic colours are used: every theme of a terminal, dark
// or light, keeps them readable.
type style string

// Theme is how the screen looks on a terminal.
type Theme struct {
	options text.Options // for what package text writes

	sent, received, ignored style
	cause, alarm, errno     style
	remedy, faint           style
	heading, focused        style // of the line above a table
	bar, chosen, bold       style

	right, left, alive, quiet, divider, more string
	levels                                   []string // of a chart, the lowest first
}

// NewTheme returns the theme for a terminal as package text has detected it.
func NewTheme(o text.Options) Theme {
	t := Theme{
		options: o,
		cause:   "1", heading: "4", focused: "1;7", bar: "7", chosen: "7", faint: "2", bold: "1", ignored: "2",
		alarm: "1", right: "→", left: "←", alive: "●", quiet: "○", divider: "│", more: "…",
		levels: []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	}
	if o.Color {
		t.sent, t.received, t.errno, t.alarm, t.remedy = "35", "36", "31", "1;31", "32"
	}
	if o.ASCII {
		t.right, t.left, t.alive, t.quiet, t.divider, t.more = ">", "<", "*", "-", "|", "~"
		t.levels = []string{".", ":", "-", "=", "+", "*", "#"}
	}
	return t
}

// chart draws the last numbers of a series, a cell for each. The latest is at the right.
func (t *Theme) chart(series []float64, cells int) string {
	if cells < len(series) {
		series = series[len(series)-cells:]
	}
	most := 0.0
	for _, n := range series {
		most = max(most, n)
	}
	drawn := bytes.Repeat([]byte(" "), max(0, cells-len(series)))
	for _, n := range series {
		if n <= 0 {
			drawn = append(drawn, ' ')
			continue
		}
		level := int(n / most * float64(len(t.levels)))
		drawn = append(drawn, t.levels[min(level, len(t.levels)-1)]...)
	}
	return string(drawn)
}

// alarmUnless is the style of what hurts.
func (t *Theme) alarmUnless(harmless bool) style {
	if harmless {
		return ""
	}
	return t.alarm
}
