package filter

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/rsttrace/rsttrace/internal/printable"
)

// same compares a name with one that a person gives: as it is, or as a sink
// prints it. A name with a line feed is a\x0ab in text, a\nb in JSON.
func same(name, given string) bool {
	switch {
	case name == given:
		return true
	case verbatim(given):
		return false
	case printable.Text(name) == given:
		return true
	}
	var unquoted string
	return inJSON(name) == given ||
		json.Unmarshal([]byte(`"`+given+`"`), &unquoted) == nil && inJSON(name) == unquoted
}

// inJSON is the value of a name in JSON: each byte that is not UTF-8 is U+FFFD.
func inJSON(name string) string { return string([]rune(name)) }

// verbatim reports whether a name is only meant as it is: without escapes, nor
// what JSON has for bytes that it cannot say.
func verbatim(given string) bool {
	return !strings.ContainsRune(given, '\\') && !strings.ContainsRune(given, utf8.RuneError)
}
