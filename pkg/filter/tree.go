package filter

import (
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Known says which parts of an event are filled in: a set.
type Known uint8

const (
	// KnowsVerdict: direction, cause and certainty.
	KnowsVerdict Known = 1 << iota
	// KnowsRecord: addresses, namespace number, state, segments, loss and numbers of the connection.
	KnowsRecord
	// KnowsOwner: the processes.
	KnowsOwner
	// KnowsLocation: control group, unit, container and pod.
	KnowsLocation
	// KnowsRest: all that is filled in last, such as the errno and the name of the namespace.
	KnowsRest

	KnowsAll = KnowsVerdict | KnowsRecord | KnowsOwner | KnowsLocation | KnowsRest
)

// Answer is what a filter says of an event of which some parts are known.
type Answer int8

const (
	No    Answer = iota - 1 // it does not match, whatever the rest is
	Maybe                   // it depends on the rest
	Yes                     // it matches, whatever the rest is
)

// node is one part of a filter. The logic is Kleene's: what does not matter may
// stay unknown.
type node interface {
	decide(e *event.Event, known Known) Answer
	// reads are the parts of an event that the node looks at.
	reads() Known
	// selection is what each event has that the node matches; with negated, each
	// event that it does not match.
	selection(negated bool) Selection
	write(b *strings.Builder, around precedence)
}

// precedence says how tightly a node holds together.
type precedence uint8

const (
	loose  precedence = iota // or
	middle                   // and
	tight                    // not, a test
)

// conjunction matches where each of its nodes does. Without nodes it matches everything.
type conjunction []node

// disjunction matches where one of its nodes does.
type disjunction []node

// negation matches where its node does not.
type negation struct{ node }

func (a conjunction) decide(e *event.Event, known Known) Answer {
	answer := Yes
	for _, n := range a {
		if answer = min(answer, n.decide(e, known)); answer == No {
			return No
		}
	}
	return answer
}

func (a disjunction) decide(e *event.Event, known Known) Answer {
	answer := No
	for _, n := range a {
		if answer = max(answer, n.decide(e, known)); answer == Yes {
			return Yes
		}
	}
	return answer
}

func (n negation) decide(e *event.Event, known Known) Answer { return -n.node.decide(e, known) }

func (a conjunction) reads() Known { return readsOf(a) }
func (a disjunction) reads() Known { return readsOf(a) }

func readsOf(nodes []node) (known Known) {
	for _, n := range nodes {
		known |= n.reads()
	}
	return known
}

func (a conjunction) selection(negated bool) Selection { return selectionOf(a, negated, negated) }

func (a disjunction) selection(negated bool) Selection { return selectionOf(a, negated, !negated) }

func (n negation) selection(negated bool) Selection { return n.node.selection(!negated) }

// selectionOf is the selection of several nodes, or of their negations: of all
// together, or with either, of any of them.
func selectionOf(nodes []node, negated, either bool) Selection {
	var s Selection
	for i, n := range nodes {
		one := n.selection(negated)
		switch {
		case i == 0:
			s = one
		case either:
			s = s.or(one)
		default:
			s = s.and(one)
		}
	}
	return s
}

func (a conjunction) write(b *strings.Builder, around precedence) {
	join(b, a, " and ", middle, around)
}

func (a disjunction) write(b *strings.Builder, around precedence) { join(b, a, " or ", loose, around) }

func join(b *strings.Builder, nodes []node, between string, own, around precedence) {
	parentheses := own < around && len(nodes) > 1
	if parentheses {
		b.WriteByte('(')
	}
	inner := own + 1
	if len(nodes) == 1 {
		inner = around
	}
	for i, n := range nodes {
		if i > 0 {
			b.WriteString(between)
		}
		n.write(b, inner)
	}
	if parentheses {
		b.WriteByte(')')
	}
}

func (n negation) write(b *strings.Builder, _ precedence) {
	b.WriteString("not ")
	n.node.write(b, tight)
}
