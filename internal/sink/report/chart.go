package report

import (
	"math"
	"strconv"
	"time"

	"github.com/rsttrace/rsttrace/internal/markup"
)

// Charts have no fixed width: along x everything is in per cent, along y in pixels. So
// they fit a telephone, a screen and a sheet of paper, and their text keeps its size.

// percent is a share of a whole, from 0 to 100.
func percent(n, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(n) / float64(whole) * 100
}

func number(v float64) string {
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
}

func along(v float64) string { return number(v) + "%" }

// seam lets neighbours overlap: else rounding leaves a gap here and there.
const seam = 0.04

func (p *page) bars(x, width, y, height float64, names string) {
	p.rect(x, width+seam, y, height, names)
}

func (p *page) rect(x, width, y, height float64, names string) {
	p.Element(markup.Rect, "", markup.X.Is(along(x)), markup.Width.Is(along(width)), markup.Y.Is(number(y)), markup.Height.Is(number(height)), class(names))
}

func (p *page) line(x1, y1, x2, y2 float64, names string) {
	p.Element(markup.Line, "", markup.X1.Is(along(x1)), markup.Y1.Is(number(y1)), markup.X2.Is(along(x2)), markup.Y2.Is(number(y2)), class(names))
}

// label writes text at a place of a chart. Near an edge it ends there.
func (p *page) label(x, y float64, text, names string) {
	anchor := "middle"
	switch {
	case x < 4:
		anchor = "start"
	case x > 96:
		anchor = "end"
	}
	p.Element(markup.SVGText, text, markup.X.Is(along(x)), markup.Y.Is(number(y)), markup.TextAnchor.Is(anchor), class(names))
}

// svg begins a chart, which name describes to those who do not see it.
func (p *page) svg(name string, height int, attrs ...markup.Attr) {
	p.Start(markup.SVG, append([]markup.Attr{
		markup.Role.Is("img"), markup.ARIALabel.Is(name), markup.Width.Is("100%"), markup.Height.Is(strconv.Itoa(height)),
	}, attrs...)...)
}

// ticks are the steps that a time axis may have, in milliseconds.
var ticks = []int64{
	1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
	3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000, 604_800_000, 2_592_000_000, 31_536_000_000,
}

// ticksMost is how many labels a time axis has at most.
const ticksMost = 8

// tickOf is the step of an axis of so many milliseconds.
func tickOf(length int64) int64 {
	for _, step := range ticks {
		if length/step <= ticksMost {
			return step
		}
	}
	return length / ticksMost
}

// tickText labels a moment as exactly as the step asks for.
func tickText(at time.Time, step int64) string {
	switch {
	case step < 1000:
		return at.Format("15:04:05.000")
	case step < 60_000:
		return at.Format("15:04:05")
	case step < 86_400_000:
		if at.Hour() == 0 && at.Minute() == 0 {
			return at.Format("2 Jan")
		}
		return at.Format("15:04")
	default:
		return at.Format("2 Jan 2006")
	}
}

// round is a number of few digits that is not below n: 1, 2, 5, 10, 20, 50.
func round(n uint64) uint64 {
	for scale := uint64(1); scale <= math.MaxUint64/10; scale *= 10 {
		for _, digit := range []uint64{1, 2, 5} {
			if digit*scale >= n {
				return digit * scale
			}
		}
	}
	return n
}
