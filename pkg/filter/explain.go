package filter

import (
	"strings"
)

// Part is one part of a filter that must hold, with who decides it.
type Part struct {
	Filter  string // in the language
	Decides string // who, in a few words
}

// Parts splits f where its top has "and". It is empty for a filter that matches
// everything.
func (f *Filter) Parts() []Part {
	if f.matchesAll() {
		return nil
	}
	nodes, several := f.tree.(conjunction)
	around := middle
	if !several {
		nodes, around = conjunction{f.tree}, loose
	}
	parts := make([]Part, len(nodes))
	for i, n := range nodes {
		var b strings.Builder
		n.write(&b, around)
		parts[i] = Part{b.String(), decider(n)}
	}
	return parts
}

// decider says who decides a part. What the kernel side holds back is only
// counted; what rsttrace decides has crossed the ring buffer.
func decider(n node) string {
	selection := n.selection(false)
	switch {
	case isWhole(n, func(t *test, negated bool) bool { return t.field.Name == "dir" || isDirWord(t.field) }):
		return "kernel"
	case n.reads() == KnowsVerdict:
		return "kernel, from the second event of each kind on"
	case isWhole(n, kernelDecides):
		return "kernel"
	case n.reads() == KnowsLocation:
		return "kernel, once rsttrace knows the control group"
	case isWhole(n, func(t *test, negated bool) bool {
		return !negated && t.op == is && (t.field.Name == "comm" || t.field.Name == "pid")
	}):
		return "kernel if the process acts on its own socket, else rsttrace once it knows the owner"
	case !selection.isEmpty():
		return "kernel in part, then rsttrace"
	case n.reads()&(KnowsOwner|KnowsLocation) != 0:
		return "rsttrace, once it knows the owner"
	default:
		return "rsttrace"
	}
}

// kernelDecides: the kernel side compares these exactly.
func kernelDecides(t *test, negated bool) bool {
	if negated || t.op != is {
		return false
	}
	switch t.field.Name {
	case "port", "host":
		return true
	case "netns":
		return len(t.picks.Netns) > 0
	}
	return false
}

func isDirWord(f *Field) bool {
	return f.kind == kindWord && fieldByName("dir").known == f.known && isDir(f.Name)
}

func isDir(name string) bool {
	_, err := ParseDir(name)
	return err == nil
}

// isWhole reports whether n is one test, or alternatives, of one kind only.
func isWhole(n node, of func(t *test, negated bool) bool) bool {
	if _, and := n.(conjunction); and {
		return false
	}
	if _, has := n.(has); has {
		return false
	}
	fields := make(map[string]bool)
	whole := walk(n, false, func(t *test, negated bool) bool {
		fields[t.field.Name] = true
		return of(t, negated)
	})
	return whole && (len(fields) == 1 || allDirs(fields))
}

func allDirs(fields map[string]bool) bool {
	for name := range fields {
		if name != "dir" && !isDir(name) {
			return false
		}
	}
	return true
}

func (s Selection) isEmpty() bool {
	return len(s.Dirs)+len(s.Netns)+len(s.Hosts)+len(s.Ports)+len(s.PIDs)+len(s.Comms) == 0
}
