package filter

import (
	"iter"
	"slices"
)

// tests are all tests of the filter, also those that are negated.
func (f *Filter) tests() iter.Seq[*test] {
	return func(yield func(*test) bool) {
		if !f.matchesAll() {
			walk(f.tree, false, func(t *test, _ bool) bool { return yield(t) })
		}
	}
}

// Mentions reports whether a test is about one of some fields.
func (f *Filter) Mentions(fields ...string) bool {
	for t := range f.tests() {
		if slices.Contains(fields, t.field.Name) {
			return true
		}
	}
	return false
}

// OnlyMentions reports whether f has tests, and all are of these fields.
func (f *Filter) OnlyMentions(fields ...string) bool {
	tests := 0
	for t := range f.tests() {
		if tests++; !slices.Contains(fields, t.field.Name) {
			return false
		}
	}
	return tests > 0
}

// Values are the values of a field that events are wanted with: those of tests that
// are not negated.
func (f *Filter) Values(field string) (values []string) {
	if f.matchesAll() {
		return nil
	}
	walk(f.tree, false, func(t *test, negated bool) bool {
		if t.field.Name == field && (t.op == is && !negated || t.op == isNot && negated) {
			values = append(values, t.value)
		}
		return true
	})
	return values
}

// walk visits the tests below a node until a visit returns false.
func walk(n node, negated bool, visit func(t *test, negated bool) bool) bool {
	switch n := n.(type) {
	case conjunction:
		return walkAll(n, negated, visit)
	case disjunction:
		return walkAll(n, negated, visit)
	case negation:
		return walk(n.node, !negated, visit)
	case *test:
		return visit(n, negated)
	}
	return true
}

func walkAll(nodes []node, negated bool, visit func(t *test, negated bool) bool) bool {
	for _, n := range nodes {
		if !walk(n, negated, visit) {
			return false
		}
	}
	return true
}
