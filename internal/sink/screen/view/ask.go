package view

import (
	"cmp"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rsttrace/rsttrace/internal/sink/screen"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// only shows only the events of the chosen cause or finding.
func (s *State) only() {
	shown := s.latest.Filter
	switch s.before {
	case causesPart:
		if c, ok := s.causes.current(); ok {
			s.request(Show{screen.Filter{Filter: filter.MustParse("dir " + string(c.Dir) + " and cause " + string(c.ID)), Finding: shown.Finding}})
		}
	case findingsPart:
		if f, ok := s.findings.current(); ok {
			s.request(Show{screen.Filter{Filter: shown.Filter, Finding: f.ID}})
		}
	default:
		s.message = "choose a cause or a finding first"
	}
}

// askFilter asks for a filter.
func (s *State) askFilter() {
	s.prompt = newPrompt("/", s.latest.Filter.Filter.String())
	s.prompt.offers = filter.Complete
	s.prompt.done = func(text string) string {
		parsed, err := filter.Parse(text, filter.Vocabulary{})
		if err != nil {
			return problem(err)
		}
		s.request(Show{screen.Filter{Filter: parsed, Finding: s.latest.Filter.Finding}})
		return ""
	}
}

// problem says what is wrong with a filter in one line.
func problem(err error) string {
	var mistake *filter.SyntaxError
	if errors.As(err, &mistake) {
		text := mistake.Problem
		if mistake.Hint != "" {
			text += ": " + mistake.Hint
		}
		return text
	}
	return err.Error()
}

// extensions are the kinds of files that can be written.
var extensions = []string{".pcapng", ".jsonl", ".html"}

// askWrite asks for a file to write the marked events into, or all that are shown.
func (s *State) askWrite() {
	events := s.toWrite()
	if len(events) == 0 {
		s.message = "there is no event to write"
		return
	}
	what := "shown"
	if len(s.marks) > 0 {
		what = "marked"
	}
	s.prompt = newPrompt("write "+grouped(uint64(len(events)))+" "+what+" to: ", "resets"+extensions[0])
	s.prompt.offers = func(text string) (names []string) {
		base := strings.TrimSuffix(text, filepath.Ext(text))
		for _, e := range extensions {
			names = append(names, base+e)
		}
		return names
	}
	s.prompt.done = func(path string) string {
		if !slices.Contains(extensions, filepath.Ext(path)) {
			return "the end of the name says what to write: " + strings.Join(extensions, ", ")
		}
		s.request(Write{Path: path, Events: events, Findings: s.findingsOf(events)})
		return ""
	}
}

// toWrite are the events that are marked, or else all that are shown, the oldest first.
func (s *State) toWrite() []*event.Event {
	if len(s.marks) == 0 {
		return s.shot.Events
	}
	return slices.SortedFunc(maps.Values(s.marks), func(a, b *event.Event) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
	})
}

func (s *State) findingsOf(events []*event.Event) (findings []screen.Finding) {
	wanted := make(map[uint64]bool)
	for _, e := range events {
		wanted[e.Finding] = true
	}
	for _, f := range s.findings.rows {
		if wanted[f.ID] {
			findings = append(findings, f)
		}
	}
	return findings
}

// noteLines are the notes, the latest first.
func (s *State) noteLines(int) (lines []string) {
	for i, note := range slices.Backward(s.latest.Notes) {
		lines = append(lines, strconv.Itoa(i+1)+"  "+note)
	}
	if lines == nil {
		lines = append(lines, "rsttrace has said nothing so far")
	}
	return lines
}
