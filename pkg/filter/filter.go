package filter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Filter says which events a person asked to see. It is immutable: several
// goroutines may use it at once. Parse, Term and And make one; the zero value and
// nil match everything.
type Filter struct {
	tree node // nil: everything
}

// Match reports whether e is to be shown. All parts of e must be filled in.
func (f *Filter) Match(e *event.Event) bool { return f.Decide(e, KnowsAll) == Yes }

// Decide says what the parts of e that are known so far decide. It does not
// allocate.
func (f *Filter) Decide(e *event.Event, known Known) Answer {
	if f.matchesAll() {
		return Yes
	}
	return f.tree.decide(e, known)
}

// Reads are the parts of an event that Match looks at.
func (f *Filter) Reads() Known {
	if f.matchesAll() {
		return 0
	}
	return f.tree.reads()
}

// NeedsNames reports whether Match reads the names of containers or pods, which
// container engines are asked for.
func (f *Filter) NeedsNames() bool {
	for t := range f.tests() {
		if t.field.Name == "container" || t.field.Name == "pod" {
			return true
		}
	}
	return false
}

// ExcludesNames reports whether the name of a container or a pod can hide an event
// that would be shown without it: not container web-1.
func (f *Filter) ExcludesNames() bool {
	excludes := false
	if !f.matchesAll() {
		walk(f.tree, false, func(t *test, negated bool) bool {
			name := t.field.Name == "container" || t.field.Name == "pod"
			excludes = name && negated != (t.op == isNot)
			return !excludes
		})
	}
	return excludes
}

// Divides reports whether one end of a connection of this host may match and the
// other not. Both have the same ports and addresses.
func (f *Filter) Divides() bool {
	if dirs := f.Selection().Dirs; len(dirs) > 0 && !slices.Contains(dirs, event.Sent) {
		return true
	}
	for t := range f.tests() {
		switch t.field.Name {
		case "dir", "port", "host", "netns":
		default:
			if !isDirWord(t.field) {
				return true
			}
		}
	}
	return false
}

// Selection is what each event has that f matches.
func (f *Filter) Selection() Selection {
	if f.matchesAll() {
		return Selection{}
	}
	return f.tree.selection(false)
}

// String writes f in its language. Parse reads it again. Of a filter that matches
// everything it is "".
func (f *Filter) String() string {
	if f.matchesAll() {
		return ""
	}
	var b strings.Builder
	f.tree.write(&b, loose)
	return b.String()
}

func (f *Filter) matchesAll() bool { return f == nil || f.tree == nil }

// MustParse is Parse for a filter that is part of a program. It panics if the
// filter is wrong.
func MustParse(text string) *Filter {
	f, err := Parse(text, Vocabulary{})
	if err != nil {
		panic(err)
	}
	return f
}

// Term is the filter for one field and any of some values. Without values it
// matches everything. There must be a field of that name.
func Term(field string, values []string, v Vocabulary) (*Filter, error) {
	f := fieldByName(field)
	var tests disjunction
	for _, value := range values {
		one, err := f.compile(&v, is, value)
		if err != nil {
			return nil, err
		}
		tests = append(tests, one)
	}
	switch len(tests) {
	case 0:
		return &Filter{}, nil
	case 1:
		return &Filter{tests[0]}, nil
	default:
		return &Filter{tests}, nil
	}
}

// FromFlag is Term for what a flag has collected: each text is a list with commas,
// see splitList. Blanks beside a comma do not count. An empty value is an error:
// nobody means it.
func FromFlag(field string, texts []string, v Vocabulary) (*Filter, error) {
	f := fieldByName(field)
	var values []string
	for _, text := range texts {
		for _, value := range splitList(text) {
			if !f.blanks {
				value = strings.TrimSpace(value)
			}
			if strings.TrimSpace(value) == "" {
				return nil, fmt.Errorf("empty value in %q: write one, as in %s", text, f.Example)
			}
			values = append(values, value)
		}
	}
	return Term(field, values, v)
}

// And is the filter for events that all of some filters match.
func And(filters ...*Filter) *Filter {
	var trees conjunction
	for _, f := range filters {
		if f.matchesAll() {
			continue
		}
		if several, ok := f.tree.(conjunction); ok {
			trees = append(trees, several...)
		} else {
			trees = append(trees, f.tree)
		}
	}
	switch len(trees) {
	case 0:
		return &Filter{}
	case 1:
		return &Filter{trees[0]}
	default:
		return &Filter{trees}
	}
}
