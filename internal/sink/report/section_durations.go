package report

import (
	"math"
	"strconv"

	"github.com/rsttrace/rsttrace/internal/markup"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// writeDurations writes silence and age, with marks at the limits that are well known.
func (s *Sink) writeDurations(p *page) {
	p.note("Connections that end after equal silence met a time limit. Those that end at equal age did, too. The marks are limits of well-known products.")
	s.writeDuration(p, "Silence before the end", "had no payload", &s.quiet)
	s.writeDuration(p, "Age of the connection", "were", &s.ages)
	p.Start(markup.Details)
	p.Element(markup.Summary, "What the marks are")
	p.Start(markup.List)
	for _, limit := range finding.IdleLimits() {
		p.Element(markup.Item, limit.Who)
	}
	p.End()
	p.End()
}

// logOf is the place of a duration on the scale: its logarithm.
func logOf(millis uint64) float64 { return math.Log10(float64(max(millis, 1))) }

// scale is the part of the logarithmic scale that a chart shows.
type scale struct{ low, high float64 }

func (c scale) at(millis uint64) float64 { return (logOf(millis) - c.low) / (c.high - c.low) * 100 }

const (
	second = 1000
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// scaleOf has room for all values, and for the limits up to two hours.
func scaleOf(d *durations) scale {
	all := d.coarse(durationBins)[0]
	return scale{math.Floor(min(logOf(all.least), logOf(second))), max(logOf(all.most)+0.1, logOf(2*hour))}
}

const (
	marksHeight    = 44 // three rows of labels
	durationHeight = 150
	binsJoined     = 10 // for a bar
)

func (s *Sink) writeDuration(p *page, title, verb string, d *durations) {
	p.Element(markup.Heading3, title)
	if d.resets == 0 {
		p.note("It is not known of any reset here.")
		return
	}
	for _, k := range d.peaks() {
		p.Element(markup.Paragraph, k.text(verb, d.resets))
	}
	c, bins, most := scaleOf(d), d.coarse(binsJoined), uint64(0)
	for _, b := range bins {
		most = max(most, b.resets)
	}
	p.svg(title+" of "+plural(d.resets, "reset")+", on a logarithmic scale. The table below has the numbers.", durationHeight+axisHeight)
	c.drawMarks(p)
	const width = float64(binsJoined) / binsPerDecade
	for at, b := range bins {
		if b.resets == 0 {
			continue
		}
		x := (float64(at)*width - c.low) / (c.high - c.low) * 100
		height := max(float64(b.resets)/float64(most)*(durationHeight-marksHeight-4), 2)
		p.bars(max(x, 0), width/(c.high-c.low)*100, durationHeight-height, height, "fill")
	}
	c.drawAxis(p)
	p.End()
	d.writeTable(p, title)
}

// text says what stands out: "41 of 57 resets …".
func (b *durationBin) text(verb string, all uint64) string {
	text := cause.Grouped(b.resets) + " of " + plural(all, "reset") + " (" + share(b.resets, all) + "): the connections "
	if verb == "were" {
		text += verb + " "
		if millis(b.least) == millis(b.most) {
			return text + millis(b.least) + " old."
		}
		return text + millis(b.least) + " to " + millis(b.most) + " old."
	}
	text += verb + " for " + millis(b.least)
	if millis(b.least) != millis(b.most) {
		text += " to " + millis(b.most)
	}
	text += "."
	for _, limit := range finding.IdleLimits() {
		from := limit.Seconds * second
		if b.most >= from && b.least <= from+from/20 {
			text += " Known for that limit: " + limit.Who + "."
		}
	}
	return text
}

// drawMarks writes a line for each limit that is on the scale.
func (c scale) drawMarks(p *page) {
	for row, limit := range finding.IdleLimits() {
		x := c.at(limit.Seconds * second)
		if x < 0 || x > 100 {
			continue
		}
		y := float64(12 + row%3*14)
		p.line(x, y+3, x, durationHeight, "mark")
		names := "axis mark"
		if row%3 == 1 {
			names += " roomy"
		}
		p.label(x, y, shortLimit(limit.Seconds), names)
	}
}

// shortLimit is the label of a mark: "350 s", "4 min".
func shortLimit(seconds uint64) string {
	for _, unit := range []struct {
		seconds uint64
		name    string
	}{{86400, "d"}, {3600, "h"}, {60, "min"}} {
		if seconds%unit.seconds == 0 && seconds > unit.seconds || seconds == 3600 && unit.name == "h" {
			return strconv.FormatUint(seconds/unit.seconds, 10) + " " + unit.name
		}
	}
	return strconv.FormatUint(seconds, 10) + " s"
}

func (c scale) drawAxis(p *page) {
	p.line(0, durationHeight, 100, durationHeight, "base")
	for _, tick := range []struct {
		millis uint64
		label  string
	}{
		{1, "1 ms"}, {10, "10 ms"}, {100, "100 ms"}, {second, "1 s"}, {10 * second, "10 s"}, {minute, "1 min"}, {10 * minute, "10 min"},
		{hour, "1 h"}, {10 * hour, "10 h"}, {day * 4, "4 d"}, {day * 30, "30 d"},
	} {
		if x := c.at(tick.millis); x >= 0 && x <= 100 {
			p.line(x, durationHeight, x, durationHeight+4, "base")
			p.label(x, durationHeight+17, tick.label, "axis")
		}
	}
}

// writeTable writes the numbers behind a chart: the bins that are not empty.
func (d *durations) writeTable(p *page, title string) {
	p.Start(markup.Details)
	p.Element(markup.Summary, "The numbers as a table")
	p.table(title, column{title: "From"}, column{title: "To"}, column{"Resets", true}, column{"Share", true})
	for _, b := range d.coarse(binsJoined) {
		if b.resets == 0 {
			continue
		}
		p.head(millis(b.least))
		p.cell(millis(b.most))
		p.number(b.resets)
		p.Element(markup.Cell, share(b.resets, d.resets), class("n"))
		p.End()
	}
	p.endTable()
	p.End()
}
