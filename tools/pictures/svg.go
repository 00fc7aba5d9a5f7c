package main

import (
	"fmt"
	"html"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
)

// A cell of the picture, in its units.
const (
	cellWidth  = 8
	cellHeight = 17
	baseline   = 13
	margin     = 10
)

// svgHead has the colours of a dark and of a light terminal: the reader's setting chooses.
const svgHead = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[2]d" width="%[1]d" height="%[2]d">
<style>
text { font: 13px "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre; fill: var(--text) }
svg { --text: #d5d8dc; --back: #16191d; --red: #ff7b72; --green: #7ccf86; --cyan: #5cc8d7; --magenta: #d99ae5 }
@media (prefers-color-scheme: light) { svg { --text: #24292f; --back: #ffffff; --red: #b3261e; --green: #1a7f37; --cyan: #0b6e80; --magenta: #8a3ba8 } }
.back { fill: var(--back) } .fore { fill: var(--text) } .reversed { fill: var(--back) }
.bold { font-weight: bold } .faint { opacity: .65 } .under { text-decoration: underline }
.red { fill: var(--red) } .green { fill: var(--green) } .cyan { fill: var(--cyan) } .magenta { fill: var(--magenta) }
</style>
<rect class="back" width="100%%" height="100%%" rx="6"/>
`

// look is how a cell is drawn.
type look struct {
	bold, faint, under, reversed bool
	colour                       string
}

var colours = map[int]string{31: "red", 32: "green", 35: "magenta", 36: "cyan", 39: ""}

// set obeys one parameter of a sequence.
func (l *look) set(parameter int) {
	switch parameter {
	case 0:
		*l = look{}
	case 1:
		l.bold = true
	case 2:
		l.faint = true
	case 4:
		l.under = true
	case 7:
		l.reversed = true
	}
	if colour, known := colours[parameter]; known {
		l.colour = colour
	}
}

func (l *look) class() string {
	var classes []string
	for _, c := range []struct {
		name string
		on   bool
	}{{"bold", l.bold}, {"faint", l.faint}, {"under", l.under}, {"reversed", l.reversed}, {l.colour, l.colour != "" && !l.reversed}} {
		if c.on {
			classes = append(classes, c.name)
		}
	}
	return strings.Join(classes, " ")
}

// drawSVG draws what a terminal shows, with its sequences for styles.
func drawSVG(content string, width, height int) string {
	var picture strings.Builder
	fmt.Fprintf(&picture, svgHead, width*cellWidth+2*margin, height*cellHeight+2*margin)
	l := look{}
	for row, line := range strings.Split(strings.TrimRight(content, "\n"), "\n") {
		column := 0
		for line != "" {
			if parameters, rest, found := sequence(line); found {
				for _, p := range parameters {
					l.set(p)
				}
				line = rest
				continue
			}
			end := strings.IndexByte(line, '\x1b')
			if end < 0 {
				end = len(line)
			}
			column += drawRun(&picture, l, line[:end], row, column)
			line = line[end:]
		}
	}
	return picture.String() + "</svg>\n"
}

// sequence cuts a sequence that sets the style off the front of a line.
func sequence(line string) (parameters []int, rest string, found bool) {
	inner, found := strings.CutPrefix(line, "\x1b[")
	if !found {
		return nil, line, false
	}
	list, rest, found := strings.Cut(inner, "m")
	for text := range strings.SplitSeq(list, ";") {
		n, _ := strconv.Atoi(text) // nothing is 0
		parameters = append(parameters, n)
	}
	return parameters, rest, found
}

// drawRun draws text of one look, and returns how many cells it takes.
func drawRun(picture *strings.Builder, l look, text string, row, column int) (cells int) {
	cells = (&runewidth.Condition{}).StringWidth(text)
	x, y := margin+column*cellWidth, margin+row*cellHeight
	if l.reversed {
		fmt.Fprintf(picture, "<rect class=\"fore\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", x, y, cells*cellWidth, cellHeight)
	}
	if strings.TrimSpace(text) == "" && !l.under {
		return cells
	}
	class := ""
	if c := l.class(); c != "" {
		class = ` class="` + c + `"`
	}
	fmt.Fprintf(picture, "<text%s x=\"%d\" y=\"%d\" textLength=\"%d\">%s</text>\n", class, x, y+baseline, cells*cellWidth, html.EscapeString(text))
	return cells
}
