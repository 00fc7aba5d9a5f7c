package main

import (
	"path"
	"slices"
	"strings"
)

// contents is the order of the pages. A page that is not in it comes last.
var contents = []struct {
	title string
	pages []string
}{
	{"Start", []string{"README.md", "docs/install.md", "docs/stories.md", "docs/comparison.md"}},
	{"Use", []string{"docs/filters.md", "docs/top.md", "docs/recordings.md", "docs/wire.md", "docs/report.md"}},
	{"Leave it on", []string{"docs/operate.md", "docs/logs.md", "docs/kubernetes.md", "docs/fleet.md"}},
	{"Look up", []string{"docs/causes.md", "docs/event-schema.md", "docs/coverage.md", "docs/support.md", "CHANGELOG.md", "SECURITY.md"}},
	{"Work on it", []string{"CONTRIBUTING.md", "docs/architecture.md", "docs/kernel.md", "docs/testing.md", "bench/README.md", "test/vm/README.md", "docs/test-all.md", "CODE_OF_CONDUCT.md", "LICENSES/README.md"}},
}

// labels are for pages whose title does not say what they are.
var labels = map[string]string{"README.md": "Overview", "docs/test-all.md": "The last full run"}

// group is a part of the navigation.
type group struct {
	Title   string
	Entries []entry
}

type entry struct {
	Label, URL string
	Current    bool
}

// entry is the link from one page to another.
func (s *site) entry(name string, from *page) *entry {
	p := s.pages[name]
	label := labels[name]
	if label == "" {
		label = p.title
	}
	return &entry{label, between(from.url, p.url), p == from}
}

// groups is the navigation as one page shows it.
func (s *site) groups(from *page) (all []group) {
	listed := func(title string, names []string) {
		g := group{Title: title}
		for _, name := range names {
			if s.pages[name] != nil {
				g.Entries = append(g.Entries, *s.entry(name, from))
			}
		}
		if len(g.Entries) > 0 {
			all = append(all, g)
		}
	}
	for _, part := range contents {
		listed(part.title, part.pages)
	}
	listed("More", s.others())
	return all
}

// order is every page, as the navigation has them.
func (s *site) order() (names []string) {
	for _, part := range contents {
		for _, name := range part.pages {
			if s.pages[name] != nil {
				names = append(names, name)
			}
		}
	}
	return append(names, s.others()...)
}

// others are the pages that nobody has put into the contents.
func (s *site) others() (names []string) {
	for name := range s.pages {
		if !slices.ContainsFunc(contents, func(part struct {
			title string
			pages []string
		}) bool {
			return slices.Contains(part.pages, name)
		}) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(path.Dir(a)+"/"+a, path.Dir(b)+"/"+b) })
	return names
}
