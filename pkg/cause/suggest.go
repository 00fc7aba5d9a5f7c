package cause

import (
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Suggest returns the cause whose id is nearest to a mistyped one; false where
// none is near enough to be what was meant.
func Suggest(text string) (event.CauseID, bool) {
	text = strings.ToLower(strings.NewReplacer("_", "-", " ", "-").Replace(strings.TrimSpace(text)))
	if text == "" {
		return "", false
	}
	var best event.CauseID
	// A third of the letters may be wrong; more is another word.
	limit := len(text)/3 + 1
	for _, entry := range catalogue {
		id := string(entry.ID)
		d := editDistance(text, id)
		if len(text) >= 4 && strings.Contains(id, text) {
			d = 1
		}
		if d < limit || d == limit && best != "" && len(id) < len(best) {
			best, limit = entry.ID, d
		}
	}
	return best, best != ""
}

// editDistance counts insertions, deletions and substitutions (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
