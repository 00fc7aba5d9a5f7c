package view

import (
	"fmt"

	"github.com/rsttrace/rsttrace/internal/sink/text"
)

// overlay is what covers the tables until it is closed.
type overlay interface {
	press(s *State, k Key)
	draw(s *State, width, height int) []string
}

// pager shows lines.
type pager struct {
	title string
	lines func(width int) []string
	top   int
}

func (p *pager) press(s *State, k Key) {
	switch k.Name {
	case "up", "k":
		p.top--
	case "down", "j":
		p.top++
	case "pgup", "b":
		p.top -= s.height - 3
	case "pgdown", "f", "space":
		p.top += s.height - 3
	case "home", "g":
		p.top = 0
	case "end", "G":
		p.top = endless
	default:
		s.overlay = nil
	}
}

func (p *pager) draw(s *State, width, height int) []string {
	all := p.lines(width)
	p.top = max(0, min(p.top, len(all)-(height-1)))
	drawn := []string{s.theme.newLine(width, s.theme.focused).put("", p.title+"   any other key closes").String()}
	for i := p.top; len(drawn) < height; i++ {
		l := s.theme.newLine(width, "")
		if i < len(all) {
			l.put("", all[i])
		}
		drawn = append(drawn, l.String())
	}
	return drawn
}

// helpLines list the keys.
func (s *State) helpLines(int) (lines []string) {
	for _, g := range keyMap() {
		if len(lines) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, g.title)
		for _, b := range g.bindings {
			lines = append(lines, fmt.Sprintf("  %s%*s%s", b.shown, max(1, 14-text.Cells(b.shown)), "", b.help))
		}
	}
	return lines
}

// columnMenu chooses the columns of a table.
type columnMenu struct {
	of rows
	at int
}

func newColumnMenu(s *State) overlay {
	if t := s.table(s.before); t != nil {
		return &columnMenu{of: t}
	}
	return nil
}

func (m *columnMenu) press(s *State, k Key) {
	names, _ := m.of.columnNames()
	switch k.Name {
	case "up", "k":
		m.at = max(0, m.at-1)
	case "down", "j":
		m.at = min(len(names)-1, m.at+1)
	case "space", "enter", "x":
		m.of.toggle(m.at)
	default:
		s.overlay = nil
	}
}

func (m *columnMenu) draw(s *State, width, height int) []string {
	drawn := []string{s.theme.newLine(width, s.theme.focused).put("", "columns   Space shows or hides one, any other key closes").String()}
	names, shown := m.of.columnNames()
	for i, name := range names {
		box, base := "[ ] ", style("")
		if shown[i] {
			box = "[x] "
		}
		if i == m.at {
			base = s.theme.chosen
		}
		if name == "" {
			name = "(sign)"
		}
		drawn = append(drawn, s.theme.newLine(width, base).put("", box+name).String())
	}
	for len(drawn) < height {
		drawn = append(drawn, s.theme.newLine(width, "").String())
	}
	return drawn[:height]
}
