package filter

import (
	"fmt"
	"path"
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
	names := make([]string, len(known))
	for i, one := range known {
		names[i] = string(one)
	}
	if near := suggest(string(id), names, whole); len(near) > 0 {
		return "", fmt.Errorf("unknown cause %q: did you mean %s?", text, strings.Join(near, " or "))
	}
	return "", fmt.Errorf("unknown cause %q: rsttrace explain lists all causes", text)
}

// parseCgroup finds a path among known.
func parseCgroup(text, wanted string, known []string) (string, error) {
	if wanted == "/" {
		return "", fmt.Errorf("%q holds every control group: leave the filter out", text)
	}
	for _, one := range known {
		if same(one, wanted) {
			return one, nil
		}
	}
	if near := suggest(path.Base(wanted), known, path.Base); len(near) > 0 {
		return "", fmt.Errorf("there is no control group %q: did you mean %s?", wanted, strings.Join(near, " or "))
	}
	for parent := path.Dir(wanted); parent != "/"; parent = path.Dir(parent) {
		if slices.Contains(known, parent) {
			return "", fmt.Errorf("there is no control group %q: the nearest that exists is %s (systemd-cgls lists them)", wanted, parent)
		}
	}
	return "", fmt.Errorf("there is no control group %q: want a path such as /system.slice/nginx.service (systemd-cgls lists them)", wanted)
}

func whole(name string) string { return name }

// maxSuggestions keeps the error message one line.
const maxSuggestions = 3

// suggest returns what text may have meant of what is known, the likeliest first:
// those a few typing errors away, else those that contain it. called is the part
// of one that text is held against.
func suggest(text string, known []string, called func(string) string) []string {
	type candidate struct {
		id       string
		distance int
	}
	const containsIt = 100 // ranks after every typing error
	var found []candidate
	for _, id := range known {
		name := called(id)
		if d := editDistance(text, name); d <= 1+len(text)/6 {
			found = append(found, candidate{id, d})
		} else if len(text) >= 3 && strings.Contains(name, text) {
			found = append(found, candidate{id, containsIt})
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
