package view

import (
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/screen"
	"github.com/rsttrace/rsttrace/internal/sink/text"
)

// Draw returns the lines of the screen: as many as it has rows, each as long as it is wide.
// The cursor is where something is typed; ok is false if nothing is.
func (s *State) Draw() (lines []string, column int, ok bool) {
	if s.width <= 0 || s.height <= 0 {
		return nil, 0, false
	}
	lines = append(lines, s.header())
	if s.playback != nil {
		lines = append(lines, s.timeline())
	}
	lines = append(lines, s.body()...)
	if s.prompt != nil && len(lines) > 2 {
		lines[len(lines)-1] = s.offers()
	}
	last, column, ok := s.footer()
	lines = append(lines, last)
	return lines[max(0, len(lines)-s.height):], column, ok
}

func (s *State) body() []string {
	l := s.layout()
	if s.overlay != nil {
		return s.overlay.draw(s, s.width, l.body)
	}
	var lines []string
	for p := causesPart; p < detailPart && l.tables > 0; p++ {
		if l.heights[p] > 0 {
			lines = append(lines, s.table(p).draw(s, l.tables, l.heights[p], s.focus == p || s.focus == detailPart && s.before == p)...)
		}
	}
	if l.detail == 0 {
		return lines
	}
	beside := s.drawDetail(l.detail, l.body)
	if lines == nil {
		return beside
	}
	for i := range lines {
		lines[i] += s.theme.newLine(1, s.theme.faint).put("", s.theme.divider).String() + beside[i]
	}
	return lines
}

// header says what and when it is, and how many resets there were.
func (s *State) header() string {
	l := s.theme.newLine(s.width, s.theme.bar)
	l.put("1", "rsttrace").put("", " "+s.title+"  ")
	if !s.latest.Now.IsZero() {
		l.put("", s.moment().In(s.location).Format("15:04:05")+"  ")
	}
	l.put("1", plural(s.latest.Resets, "reset"))
	if s.playback == nil {
		l.put("", "  "+orZero(perSecond(s.latest.Rate))+" per s")
	}
	if s.latest.Lost > 0 {
		l.put("1", "  "+grouped(s.latest.Lost)+" without details")
	}
	if s.frozen {
		l.put("1", "  FROZEN")
	}
	if about := s.filtered(); about != "" {
		l.put("1", "  "+about)
	}
	if cells := text.Cells(chartName) + screen.Seconds; s.playback == nil && s.width-l.used > cells+2 {
		l.to(s.width-cells).put("", chartName+s.theme.chart(s.latest.Series[:], screen.Seconds))
	}
	return l.String()
}

const chartName = "last minute "

// moment is the time that is shown.
func (s *State) moment() time.Time {
	if s.playback != nil {
		return s.playback.At
	}
	return s.latest.Now
}

func (s *State) filtered() string {
	var about []string
	if f := s.latest.Filter.Filter.String(); f != "" {
		about = append(about, "/"+f)
	}
	if id := s.latest.Filter.Finding; id != 0 {
		about = append(about, "only #"+optional(id))
	}
	return strings.Join(about, "  ")
}

func orZero(text string) string {
	if text == "" {
		return "0"
	}
	return text
}

func plural(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return grouped(n) + " " + what + "s"
}

// timeline shows where in a recording the screen is.
func (s *State) timeline() string {
	p := s.playback
	l := s.theme.newLine(s.width, "")
	sign := "paused"
	switch {
	case p.Reading:
		sign = "reads"
	case p.Playing:
		sign = "plays"
	}
	from, to := s.stamp(p.First), s.stamp(p.Last)
	l.put("1", sign).to(7).put(s.theme.faint, from+" ")
	cells := s.width - l.used - text.Cells(to) - 1
	if cells < 1 || p.Last.IsZero() {
		return l.String()
	}
	at := cells - 1
	if span := p.Last.Sub(p.First); span > 0 {
		at = int(float64(p.At.Sub(p.First)) / float64(span) * float64(cells-1))
	}
	at = max(0, min(at, cells-1))
	bars := []rune(s.theme.chart(resample(p.Counts, cells), cells))
	l.put(s.theme.received, string(bars[:at])).put(s.theme.chosen, string(bars[at:at+1])).put(s.theme.faint, string(bars[at+1:]))
	return l.to(s.width-text.Cells(to)).put(s.theme.faint, to).String()
}

// stamp is a time, with its date if the recording has several days.
func (s *State) stamp(t time.Time) string {
	first, last := s.playback.First.In(s.location), s.playback.Last.In(s.location)
	if first.YearDay() == last.YearDay() && first.Year() == last.Year() {
		return t.In(s.location).Format("15:04:05")
	}
	return t.In(s.location).Format("2006-01-02 15:04:05")
}

// resample makes so many numbers of others.
func resample(counts []uint64, cells int) []float64 {
	made := make([]float64, cells)
	for i, n := range counts {
		at := i * cells / len(counts)
		made[at] += float64(n)
	}
	if len(counts) < cells && len(counts) > 0 { // each is wider than a cell
		for i := range made {
			made[i] = float64(counts[i*len(counts)/cells])
		}
	}
	return made
}

// offers are the words that may come next.
func (s *State) offers() string {
	l := s.theme.newLine(s.width, "")
	if s.prompt.problem != "" {
		return l.put(s.theme.alarm, s.prompt.problem).String()
	}
	for i, word := range s.prompt.words() {
		if i > 0 {
			l.put("", "  ")
		}
		l.put(s.theme.faint, word)
	}
	return l.String()
}

// footer is the last line: what is typed, what happened, or the keys.
func (s *State) footer() (drawn string, column int, ok bool) {
	l := s.theme.newLine(s.width, "")
	switch {
	case s.prompt != nil:
		before := s.prompt.label + string(s.prompt.text[:s.prompt.at])
		if over := text.Cells(before) - (s.width - 1); over > 0 { // the cursor stays in sight
			before = measure.TruncateLeft(before, over, "")
		}
		l.put("", before)
		column = l.used
		return l.put("", string(s.prompt.text[s.prompt.at:])).String(), column, true
	case s.message != "":
		l.put(s.theme.bold, s.message)
	default:
		s.hints(l)
	}
	return l.String(), 0, false
}

// hints are the most important keys.
func (s *State) hints(l *line) {
	for _, g := range keyMap() {
		for _, b := range g.bindings {
			if b.short == "" || b.when != nil && !b.when(s) {
				continue
			}
			name, _, _ := strings.Cut(b.shown, " ")
			hint := name + " " + b.short
			if l.used > 0 {
				hint = "  " + hint
			}
			if text.Cells(hint) > l.width-l.used {
				return
			}
			l.put("", hint)
		}
	}
}
