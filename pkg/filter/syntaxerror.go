package filter

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError is a mistake in a filter. Its Error has three lines or less: what
// is wrong, the filter with a caret below the place, and what to write instead.
type SyntaxError struct {
	Text    string // the whole filter
	At      int    // where, in bytes
	Length  int    // how many bytes are meant
	Problem string // what is wrong
	Hint    string // what to write instead, or ""
}

func (e *SyntaxError) Error() string {
	var b strings.Builder
	b.WriteString("filter: ")
	b.WriteString(e.Problem)
	if e.Hint != "" {
		b.WriteString(": ")
		b.WriteString(e.Hint)
	}
	line, column, length := e.position()
	fmt.Fprintf(&b, "\n    %s\n    %s%s", line, strings.Repeat(" ", column), strings.Repeat("^", length))
	return b.String()
}

// position is the line of the mistake as it can be printed, and where in it the
// mistake is, in characters.
func (e *SyntaxError) position() (line string, column, length int) {
	at := min(e.At, len(e.Text))
	start := strings.LastIndexByte(e.Text[:at], '\n') + 1
	end := len(e.Text)
	if n := strings.IndexByte(e.Text[at:], '\n'); n >= 0 {
		end = at + n
	}
	before := onTerminal(e.Text[start:at])
	meant := onTerminal(e.Text[at:min(at+e.Length, end)])
	return before + onTerminal(e.Text[at:end]), utf8.RuneCountInString(before), max(1, utf8.RuneCountInString(meant))
}

// onTerminal replaces what would move the cursor of a terminal.
func onTerminal(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
}
