package view

import (
	"slices"
	"strings"

	"github.com/rsttrace/rsttrace/internal/printable"
	"github.com/rsttrace/rsttrace/internal/sink/text"
)

// column is a column of a table.
type column[T any] struct {
	name   string
	most   int  // cells; 0: all that is left
	least  int  // cells to which it shrinks where room is short; 0: it does not
	right  bool // numbers end in one column
	spare  int  // a column with a higher number gives way first; 0: never
	hidden bool
	cell   func(s *State, row T) (style, string)
	chart  func(row T) []float64 // instead of cell: the latest is at the right
}

// order is a way to sort a table.
type order[T any] struct {
	name string
	less func(a, b T) int // nil: as it comes
}

// table is a list of which one row is chosen.
type table[T any] struct {
	title   string
	columns []column[T]
	orders  []order[T]
	key     func(T) string
	marked  func(T) bool // nil: no row is

	rows   []T
	order  int
	at     int    // the chosen row
	chosen string // its key; "": whatever is the first
	top    int    // the first row that is seen
}

// set takes the rows as they are now. The chosen one stays chosen.
func (t *table[T]) set(rows []T) {
	t.rows = rows
	if less := t.orders[t.order].less; less != nil {
		slices.SortStableFunc(t.rows, less)
	}
	if t.chosen == "" {
		t.at = 0
		return
	}
	if at := t.find(t.chosen); at >= 0 {
		t.at = at
		return
	}
	t.at = max(0, min(t.at, len(rows)-1))
}

func (t *table[T]) find(key string) int {
	return slices.IndexFunc(t.rows, func(row T) bool { return t.key(row) == key })
}

// current is the chosen row.
func (t *table[T]) current() (row T, ok bool) {
	if t.at >= len(t.rows) {
		return row, false
	}
	return t.rows[t.at], true
}

// choose chooses a row. The first one follows whatever comes.
func (t *table[T]) choose(at int) {
	t.at = max(0, min(at, len(t.rows)-1))
	t.chosen = ""
	if t.at > 0 {
		t.chosen = t.key(t.rows[t.at])
	}
}

// pick chooses a row, and stays with it also if it is the first.
func (t *table[T]) pick(key string) bool {
	at := t.find(key)
	if at >= 0 {
		t.at, t.chosen = at, key
	}
	return at >= 0
}

func (t *table[T]) move(rows int) { t.choose(t.at + rows) }
func (t *table[T]) len() int      { return len(t.rows) }

func (t *table[T]) nextOrder() string {
	t.order = (t.order + 1) % len(t.orders)
	return t.orders[t.order].name
}

// columnNames lists the columns, and which are shown.
func (t *table[T]) columnNames() (names []string, shown []bool) {
	for _, c := range t.columns {
		names, shown = append(names, c.name), append(shown, !c.hidden)
	}
	return names, shown
}

func (t *table[T]) toggle(column int) {
	c := &t.columns[column]
	c.hidden = !c.hidden
}

// draw returns the heading and rows, together height lines.
func (t *table[T]) draw(s *State, width, height int, focused bool) []string {
	rows := max(0, height-1)
	t.scroll(rows)
	visible := t.rows[t.top:min(t.top+rows, len(t.rows))]
	cells := make([][]span, len(visible))
	for i, row := range visible {
		cells[i] = t.cells(s, row)
	}
	widths := t.fit(cells, width)
	lines := []string{t.heading(s, widths, width, focused)}
	for i := range visible {
		base := style("")
		if at := t.top + i; at == t.at && focused {
			base = s.theme.chosen
		}
		l := s.theme.newLine(width, base)
		t.drawRow(s, l, cells[i], widths)
		lines = append(lines, l.String())
	}
	for len(lines) < height {
		lines = append(lines, s.theme.newLine(width, "").String())
	}
	return lines[:height]
}

// scroll moves the window so that the chosen row is seen.
func (t *table[T]) scroll(rows int) {
	t.top = min(t.top, max(0, len(t.rows)-rows))
	switch {
	case t.at < t.top:
		t.top = t.at
	case t.at >= t.top+rows:
		t.top = t.at - rows + 1
	}
	t.top = max(0, min(t.top, len(t.rows)))
}

type span struct {
	style  style
	text   string
	series []float64
}

func (t *table[T]) cells(s *State, row T) []span {
	all := make([]span, len(t.columns))
	for i, c := range t.columns {
		if !c.hidden && c.cell != nil {
			style, content := c.cell(s, row)
			all[i] = span{style: style, text: printable.Text(content)} // escaped, so that it can be measured
		}
		if !c.hidden && c.chart != nil {
			all[i] = span{style: s.theme.received, series: c.chart(row)}
		}
	}
	if t.marked != nil && t.marked(row) {
		all[0].text = "+" + all[0].text
	}
	return all
}

// fit gives each column its cells, 0 to one that is not shown. Where room is short, the
// columns that matter least give way, then others shrink, then further ones give way.
func (t *table[T]) fit(rows [][]span, width int) []int {
	widths := make([]int, len(t.columns))
	for i, c := range t.columns {
		if !c.hidden {
			widths[i] = t.natural(i, rows)
		}
	}
	t.giveWay(widths, width, spareFirst)
	t.shrink(widths, width)
	t.giveWay(widths, width, 1)
	for i, c := range t.columns {
		if c.most == 0 && widths[i] > 0 {
			widths[i] += max(0, width-sum(widths))
		}
	}
	return widths
}

// spareFirst is from which number on columns give way before others shrink.
const spareFirst = 5

func (t *table[T]) natural(i int, rows [][]span) int {
	c := &t.columns[i]
	if c.most == 0 {
		return c.least
	}
	cells := text.Cells(c.name)
	for _, row := range rows {
		cells = max(cells, text.Cells(row[i].text))
	}
	return min(cells, c.most)
}

// giveWay takes columns away whose number is high enough, until the others fit.
func (t *table[T]) giveWay(widths []int, width, from int) {
	for sum(widths) > width {
		spare := t.mostSpare(widths)
		if spare < 0 || t.columns[spare].spare < from {
			return
		}
		widths[spare] = 0
	}
}

// shrink makes columns narrower, the last one first.
func (t *table[T]) shrink(widths []int, width int) {
	for i, c := range slices.Backward(t.columns) {
		if c.least > 0 && widths[i] > c.least {
			widths[i] -= min(widths[i]-c.least, max(0, sum(widths)-width))
		}
	}
}

// mostSpare is the column that gives way first, -1: no further one does.
func (t *table[T]) mostSpare(widths []int) int {
	spare := -1
	for i, c := range t.columns {
		if widths[i] > 0 && c.spare > 0 && (spare < 0 || c.spare >= t.columns[spare].spare) {
			spare = i
		}
	}
	return spare
}

// sum is the width of a row: one blank is between two columns.
func sum(widths []int) (cells int) {
	for _, w := range widths {
		if w > 0 {
			cells += w + 1
		}
	}
	return cells - 1
}

func (t *table[T]) heading(s *State, widths []int, width int, focused bool) string {
	base := s.theme.heading
	if focused {
		base = s.theme.focused
	}
	names := make([]span, len(t.columns))
	for i, c := range t.columns {
		names[i].text = strings.ToUpper(c.name)
	}
	l := s.theme.newLine(width, base)
	t.drawRow(s, l, names, widths)
	about := t.title + " " + grouped(uint64(len(t.rows)))
	if t.order > 0 {
		about += ", by " + t.orders[t.order].name
	}
	if cells := text.Cells(about); width-l.used > cells {
		l.to(width-cells).put("", about)
	}
	return l.String()
}

func (t *table[T]) drawRow(s *State, l *line, cells []span, widths []int) {
	column := 0
	for i, w := range widths {
		if w == 0 {
			continue
		}
		if column > 0 {
			column++
		}
		l.to(column)
		if t.columns[i].right {
			l.to(column + w - text.Cells(cells[i].text))
		}
		if cells[i].series != nil {
			l.put(cells[i].style, s.theme.chart(cells[i].series, w))
		}
		l.putIn(w, cells[i].style, cells[i].text)
		column += w
	}
}
