package cause

import (
	"strings"

	"github.com/rsttrace/rsttrace/internal/nearest"
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
		d := nearest.Distance(text, id)
		if len(text) >= 4 && strings.Contains(id, text) {
			d = 1
		}
		if d < limit || d == limit && best != "" && len(id) < len(best) {
			best, limit = entry.ID, d
		}
	}
	return best, best != ""
}
