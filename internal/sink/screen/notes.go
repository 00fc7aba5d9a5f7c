package screen

import (
	"slices"
	"strings"
)

// notesMax is how many notes are known.
const notesMax = 100

// notes are sentences about rsttrace itself, the oldest first.
type notes []string

// Note adds a sentence about rsttrace itself: a warning, or the verdict of an audit.
func (s *Sink) Note(text string) {
	defer s.change()()
	if len(s.notes) == notesMax {
		s.notes = slices.Clone(s.notes[1:])
	}
	s.notes = append(s.notes, text)
}

// Write takes lines that would go to stderr, one note each: they would spoil the screen.
func (s *Sink) Write(text []byte) (int, error) {
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(strings.TrimPrefix(line, "rsttrace: ")); line != "" {
			s.Note(line)
		}
	}
	return len(text), nil
}
