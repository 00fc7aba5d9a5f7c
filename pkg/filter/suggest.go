package filter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// parseCause finds text among known.
func parseCause(text string, known []event.CauseID) (event.CauseID, error) {
	id := event.CauseID(strings.ToLower(text))
	if slices.Contains(known, id) {
		return id, nil
	}
	if near := suggest(string(id), known); len(near) > 0 {
		return "", fmt.Errorf("unknown cause %q: did you mean %s?", text, strings.Join(near, " or "))
	}
	return "", fmt.Errorf("unknown cause %q: rsttrace explain lists all causes", text)
}

// maxSuggestions keeps the error message one line.
const maxSuggestions = 3

// suggest returns the ids that text may have meant, the likeliest first: those
// few typing errors away, else those that contain it.
func suggest(text string, known []event.CauseID) []string {
	type candidate struct {
		id       string
		distance int
	}
	const containsIt = 100 // ranks after every typing error
	var found []candidate
	for _, id := range known {
		if d := editDistance(text, string(id)); d <= 1+len(text)/6 {
			found = append(found, candidate{string(id), d})
		} else if len(text) >= 3 && strings.Contains(string(id), text) {
			found = append(found, candidate{string(id), containsIt})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.distance - b.distance })
	var near []string
	for _, c := range found[:min(len(found), maxSuggestions)] {
		near = append(near, c.id)
	}
	return near
}

// editDistance is the number of bytes to insert, delete or replace to turn a
// into b (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
