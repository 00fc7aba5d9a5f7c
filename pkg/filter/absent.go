package filter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rsttrace/rsttrace/internal/nearest"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Absent says of which units, containers and pods that are wanted there is none
// among owners: they may start later, or be mistyped. named says that owners have
// the names of containers and pods, without which nothing can be said of these.
func (f *Filter) Absent(owners []event.Owner, named bool) []string {
	var absent []string
	for _, kind := range []struct {
		name   string
		wanted []string
		known  bool
		in     func(*event.Owner, string) bool
		of     func(*event.Owner) string
	}{
		{"unit", f.Values("unit"), true, inUnit, func(o *event.Owner) string { return o.Unit }},
		{"container", f.Values("container"), named, inContainer, func(o *event.Owner) string { return shortName(o.Container) }},
		{"pod", f.Values("pod"), named, inPod, func(o *event.Owner) string { return o.Pod }},
	} {
		if !kind.known {
			continue
		}
		for _, wanted := range kind.wanted {
			if slices.ContainsFunc(owners, func(o event.Owner) bool { return kind.in(&o, wanted) }) {
				continue
			}
			text := fmt.Sprintf("there is no %s %q now", kind.name, wanted)
			if near := nearest.Suggest(wanted, names(owners, kind.of), nil); len(near) > 0 {
				text += ": did you mean " + strings.Join(near, " or ") + "?"
			}
			absent = append(absent, text)
		}
	}
	return absent
}

// shortName is the name of a container without its runtime.
func shortName(container string) string {
	_, name, _ := strings.Cut(container, "/")
	return cmp.Or(name, container)
}

// names are those that owners have, each once.
func names(owners []event.Owner, of func(*event.Owner) string) []string {
	var found []string
	for i := range owners {
		if name := of(&owners[i]); name != "" {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
