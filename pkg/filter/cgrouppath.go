package filter

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rsttrace/rsttrace/internal/nearest"
)

// ParseCgroup finds the path of a control group among all that exist. wanted is the
// form in which events have it. A near miss is answered with those that may have
// been meant.
func ParseCgroup(text, wanted string, known []string) (string, error) {
	if wanted == "/" {
		return "", fmt.Errorf("%q holds every control group: leave the filter out", text)
	}
	for _, one := range known {
		if same(one, wanted) {
			return one, nil
		}
	}
	if near := nearest.Suggest(path.Base(wanted), known, path.Base); len(near) > 0 {
		return "", fmt.Errorf("there is no control group %q: did you mean %s?", wanted, strings.Join(near, " or "))
	}
	for parent := path.Dir(wanted); parent != "/"; parent = path.Dir(parent) {
		if slices.Contains(known, parent) {
			return "", fmt.Errorf("there is no control group %q: the nearest that exists is %s (systemd-cgls lists them)", wanted, parent)
		}
	}
	return "", fmt.Errorf("there is no control group %q: want a path such as /system.slice/nginx.service (systemd-cgls lists them)", wanted)
}
