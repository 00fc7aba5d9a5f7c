package report

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/rsttrace/rsttrace/internal/timeline"

	"github.com/rsttrace/rsttrace/internal/markup"
	"github.com/rsttrace/rsttrace/pkg/cause"
)

const (
	coloured      = 7 // causes with a colour of their own; the eighth is for the others
	chartHeight   = 200
	axisHeight    = 22
	binsOfPage    = 240
	binsOfFinding = 80
	// leastBins keeps a single event from filling the chart.
	leastBins = 60
)

// byFrequency lists the numbers of causes, the most frequent first, and their events.
func (s *Sink) byFrequency() (order []int, events []uint64) {
	events = make([]uint64, len(s.names.names))
	for number, row := range s.when.Rows {
		order = append(order, number)
		for _, n := range row {
			events[number] += n
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(events[b], events[a]) })
	return order, events
}

// colourOf is the class of a cause in charts: c0 is the most frequent one.
func colourOf(rank int) string { return "c" + strconv.Itoa(min(rank, coloured)) }

// writeTimeline writes how many events of each cause came when.
func (s *Sink) writeTimeline(p *page) {
	if s.events == 0 {
		p.note("There is no event.")
		return
	}
	order, events := s.byFrequency()
	t := &s.when
	bins := max(t.Bins, leastBins)
	start, length := t.First*t.Width, int64(bins)*t.Width
	p.Start(markup.Div, class("brushed"), markup.ID.Is("timeline"), markup.Data.Is(strconv.FormatInt(start, 10)+" "+strconv.FormatInt(length, 10)))
	p.svg("Events by time and cause. The table below has the numbers.", chartHeight+axisHeight)
	top := round(s.most())
	p.drawGrid(top, false)
	for bin := range t.Bins {
		s.drawBin(p, order, bin, bins, top)
	}
	p.drawGrid(top, true)
	p.timeAxis(start, length, chartHeight)
	p.End()
	p.End()
	p.note("A bar is " + millis(uint64(t.Width)) + ". A reset with both ends on this host is two events.")
	s.writeLegend(p, order, events)
	p.Start(markup.Details)
	p.Element(markup.Summary, "The numbers as a table")
	p.table("Events by direction and cause", column{title: "Cause"}, column{title: "Direction"}, column{"Events", true}, column{"Share", true}, column{title: "First"}, column{title: "Last"})
	for _, key := range s.causes.sorted() {
		r := s.causes.rows[key]
		dir, name, _ := cutKey(key)
		p.head(name)
		p.cell(dir)
		p.number(r.events)
		p.Element(markup.Cell, share(r.events, s.events), class("n"))
		p.moment(s.clock(r.first))
		p.moment(s.clock(r.last))
		p.End()
	}
	p.endTable()
	p.End()
}

// most is the largest number of events in a bin.
func (s *Sink) most() (most uint64) {
	for bin := range s.when.Bins {
		var sum uint64
		for _, row := range s.when.Rows {
			if bin < len(row) {
				sum += row[bin]
			}
		}
		most = max(most, sum)
	}
	return most
}

// drawGrid writes the lines of the chart, whose height is top, or what they mean.
func (p *page) drawGrid(top uint64, labels bool) {
	for _, part := range []uint64{1, 2} {
		if top%part != 0 {
			continue
		}
		y := chartHeight - float64(chartHeight-14)/float64(part)
		if labels {
			p.Element(markup.SVGText, cause.Grouped(top/part), markup.X.Is("0"), markup.Y.Is(number(y-3)), class("axis"))
		} else {
			p.line(0, y, 100, y, "grid")
		}
	}
}

func (s *Sink) drawBin(p *page, order []int, bin, bins int, most uint64) {
	y := float64(chartHeight)
	width := 100 / float64(bins)
	var others uint64
	for rank, number := range order {
		row := s.when.Rows[number]
		if bin >= len(row) || row[bin] == 0 {
			continue
		}
		n := row[bin]
		if rank >= coloured {
			others += n
			continue
		}
		y = p.stack(float64(bin)*width, width, y, n, most, colourOf(rank))
	}
	if others > 0 {
		p.stack(float64(bin)*width, width, y, others, most, colourOf(coloured))
	}
}

// stack puts a part of a bar on the parts below it, and returns where the next one begins.
// A part is never too low to be seen.
func (p *page) stack(x, width, y float64, n, most uint64, names string) float64 {
	height := max(float64(n)/float64(most)*(chartHeight-14), 1.5)
	p.bars(x, width, y-height, height, names)
	return y - height
}

func (p *page) timeAxis(start, length int64, y float64) {
	p.line(0, y, 100, y, "base")
	step := tickOf(length)
	for at, count := timeline.FloorDiv(start, step)*step, 0; at <= start+length; at += step {
		if at < start {
			continue
		}
		x := float64(at-start) / float64(length) * 100
		p.line(x, y, x, y+4, "base")
		names := "axis"
		if count%2 == 1 {
			names = "axis roomy"
		}
		p.label(x, y+17, tickText(time.UnixMilli(at).UTC(), step), names)
		count++
	}
}

func (s *Sink) writeLegend(p *page, order []int, events []uint64) {
	p.Start(markup.List, class("legend"))
	var others uint64
	for rank, number := range order {
		if rank >= coloured {
			others += events[number]
			continue
		}
		p.legend(colourOf(rank), s.names.names[number], events[number])
	}
	if others > 0 {
		p.legend(colourOf(coloured), plural(uint64(len(order)-coloured), "further cause"), others)
	}
	p.End()
}

func (p *page) legend(colour, name string, events uint64) {
	p.Start(markup.Item)
	p.Start(markup.SVG, markup.ARIAHidden.Is("true"), markup.Width.Is("12"), markup.Height.Is("12"))
	p.rect(0, 100, 0, 12, colour)
	p.End()
	p.Text(" ")
	p.Element(markup.Code, name)
	p.Text(" " + cause.Grouped(events))
	p.End()
}

const sparkHeight = 26

// writeSpark writes when the resets of a finding came, on the time axis of the page.
func (s *Sink) writeSpark(p *page, i *incident) {
	t := &s.findings.when
	if i.Resets < 2 || i.number >= len(t.Rows) || t.Bins < 2 {
		return
	}
	most := slices.Max(append([]uint64{1}, t.Rows[i.number]...))
	p.svg("When its resets came, between the first and the last event of the page", sparkHeight, class("spark"))
	width := 100 / float64(t.Bins)
	for bin, n := range t.Rows[i.number] {
		if n > 0 {
			height := max(float64(n)/float64(most)*(sparkHeight-2), 2)
			p.bars(float64(bin)*width, width, sparkHeight-1-height, height, "fill")
		}
	}
	p.line(0, sparkHeight-0.5, 100, sparkHeight-0.5, "base")
	p.End()
}
