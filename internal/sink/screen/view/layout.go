package view

// besideFrom is the width from which the detail is beside the tables.
const besideFrom = 150

// layout is where the parts are.
type layout struct {
	beside  bool // the detail is right of the tables
	tables  int  // columns of the tables, 0: they are not seen
	detail  int  // columns of the detail, 0: it is not seen
	body    int  // rows of tables and detail
	heights [detailPart]int
}

func (s *State) layout() layout {
	l := layout{beside: s.width >= besideFrom, body: max(0, s.height-s.headerRows()-1), tables: s.width}
	switch {
	case s.focus == detailPart && (s.zoomed || !l.beside):
		l.tables, l.detail = 0, s.width
		return l
	case l.beside && !s.zoomed:
		l.tables = s.width * 3 / 5
		l.detail = s.width - l.tables - 1
	}
	if s.zoomed {
		l.heights[s.before] = l.body
		return l
	}
	l.heights[causesPart] = share(s.causes.len(), l.body/4)
	l.heights[findingsPart] = share(s.findings.len(), l.body/3)
	l.heights[eventsPart] = l.body - l.heights[causesPart] - l.heights[findingsPart]
	return l
}

// share is the height of a table with so many rows, which may have some lines at most.
func share(rows, most int) int { return max(min(rows+1, most), min(3, most)) }

// headerRows are the lines above the tables.
func (s *State) headerRows() int {
	if s.playback != nil {
		return 2
	}
	return 1
}

// height is that of a part.
func (l *layout) height(p part) int {
	if p == detailPart {
		return l.body
	}
	return l.heights[p]
}
