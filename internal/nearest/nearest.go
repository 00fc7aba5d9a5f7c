// Package nearest finds what a mistyped word may have meant.
//
// The trap to avoid: a suggestion that is too far off is worse than none. Distance
// only counts; the caller says how much is too much.
package nearest

import (
	"slices"
	"strings"
)

// maxSuggestions keeps the error message one line.
const maxSuggestions = 3

// Suggest returns what text may have meant of the known words, the likeliest
// first: those a few typing errors away, else those that contain it. part is the
// part of a known word that text is compared with; nil: all of it.
func Suggest(text string, known []string, part func(string) string) []string {
	type candidate struct {
		word     string
		distance int
	}
	const containsIt = 100 // ranks after every typing error
	var found []candidate
	for _, word := range known {
		name := word
		if part != nil {
			name = part(word)
		}
		if d := Distance(text, name); d <= 1+len(text)/6 {
			found = append(found, candidate{word, d})
		} else if len(text) >= 3 && strings.Contains(name, text) {
			found = append(found, candidate{word, containsIt})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.distance - b.distance })
	var near []string
	for _, c := range found[:min(len(found), maxSuggestions)] {
		near = append(near, c.word)
	}
	return near
}

// Distance is how many typing errors turn a into b: a byte too many, one too few,
// a wrong one, or two neighbours swapped (optimal string alignment).
func Distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			wrong := last[j]
			if a[i] != b[j] {
				wrong++
			}
			row[j+1] = min(wrong, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
