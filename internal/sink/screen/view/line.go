package view

import (
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/rsttrace/rsttrace/internal/printable"
	"github.com/rsttrace/rsttrace/internal/sink/text"
)

// line is one line of the screen. It has exactly its width in cells.
type line struct {
	drawn strings.Builder
	used  int // cells
	width int
	base  style // of the whole line, below the styles of its parts
	now   style // of what was written last
	more  string
}

func (t *Theme) newLine(width int, base style) *line {
	return &line{width: width, base: base, more: t.more}
}

// put appends a text, escaped, as far as it fits.
func (l *line) put(s style, part string) *line {
	return l.putIn(l.width-l.used, s, part)
}

// putIn appends a text that takes no more than some cells.
func (l *line) putIn(most int, s style, part string) *line {
	part, cells := clip(printable.Text(part), min(most, l.width-l.used), l.more)
	l.write(s, part)
	l.used += cells
	return l
}

// to appends blanks up to a column.
func (l *line) to(column int) *line {
	if n := min(column, l.width) - l.used; n > 0 {
		l.write("", strings.Repeat(" ", n))
		l.used += n
	}
	return l
}

// write appends what is escaped, and begins its style if that is another one.
func (l *line) write(s style, part string) {
	if part == "" {
		return
	}
	if s != "" && l.base != "" {
		s = ";" + s
	}
	l.begin(l.base + s)
	l.drawn.WriteString(part)
}

func (l *line) begin(s style) {
	if s == l.now {
		return
	}
	if l.now != "" {
		l.drawn.WriteString("\x1b[m")
	}
	if s != "" {
		l.drawn.WriteString("\x1b[" + string(s) + "m")
	}
	l.now = s
}

// String is the line, with blanks up to its width.
func (l *line) String() string {
	l.to(l.width)
	l.begin("")
	return l.drawn.String()
}

// measure is that of package text: a wide character has two cells.
var measure = &runewidth.Condition{}

// clip cuts a text that takes more than some cells. The end of a text that was cut says so.
func clip(part string, most int, more string) (clipped string, cells int) {
	cells = text.Cells(part)
	if cells <= most {
		return part, cells
	}
	if most <= 0 {
		return "", 0
	}
	clipped = measure.Truncate(part, most, more)
	return clipped, text.Cells(clipped)
}

// crop cuts a line that is escaped and has styles. They stay.
func crop(drawn string, width int) string {
	var cropped strings.Builder
	cells, inStyle := 0, false
	for _, r := range drawn {
		switch {
		case r == '\x1b':
			inStyle = true
		case !inStyle:
			if cells += measure.RuneWidth(r); cells > width {
				continue
			}
		}
		cropped.WriteRune(r)
		inStyle = inStyle && r != 'm'
	}
	return cropped.String()
}
