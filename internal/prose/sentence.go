package prose

import (
	"regexp"
	"strings"
	"unicode"
)

// sentenceEnd is a full stop, with quotes and brackets behind it, and what the
// next sentence starts with. Version numbers and file names have no blank there.
var sentenceEnd = regexp.MustCompile(`[.!?]["')\]*_]*\s+(["'(\[*_]*(?:\p{Lu}|\d|code\b))`)

// abbreviation ends with a full stop that ends no sentence.
var abbreviation = regexp.MustCompile(`(^|[\s(])(e\.g|i\.e|vs|cf|etc)\.$`)

// Sentences splits a text.
func Sentences(prose string) []string {
	var all []string
	start := 0
	for _, m := range sentenceEnd.FindAllStringSubmatchIndex(prose, -1) {
		next := m[2]
		if s := strings.TrimSpace(prose[start:next]); s != "" && !abbreviation.MatchString(s) {
			all = append(all, s)
			start = next
		}
	}
	if s := strings.TrimSpace(prose[start:]); s != "" {
		all = append(all, s)
	}
	return all
}

// countWords counts what has a letter or a digit: not dashes and arrows.
func countWords(sentence string) (n int) {
	for _, field := range strings.Fields(sentence) {
		if strings.ContainsFunc(field, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			n++
		}
	}
	return n
}
