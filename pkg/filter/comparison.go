package filter

import (
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// operator compares a field with a value.
type operator string

const (
	is      operator = "="
	isNot   operator = "!="
	less    operator = "<"
	atMost  operator = "<="
	more    operator = ">"
	atLeast operator = ">="
	like    operator = "~"
)

// test compares one field of an event with one value: port 443, silence > 300s.
type test struct {
	field *Field
	op    operator
	value string // as it was written; "" for a field that is a word of its own
	known Known  // what decides it
	match func(*event.Event) bool
	picks Selection // what each event has that matches
	rest  Selection // what each event has that does not match
}

func (t *test) reads() Known { return t.known }

func (t *test) decide(e *event.Event, known Known) Answer {
	switch {
	case known&t.known != t.known:
		return Maybe
	case t.match(e):
		return Yes
	default:
		return No
	}
}

func (t *test) selection(negated bool) Selection {
	if negated {
		return t.rest
	}
	return t.picks
}

func (t *test) write(b *strings.Builder, _ precedence) {
	b.WriteString(t.field.Name)
	if t.field.kind == kindWord {
		return
	}
	b.WriteByte(' ')
	if t.op != is {
		b.WriteString(string(t.op))
		b.WriteByte(' ')
	}
	b.WriteString(quote(t.value))
}

// has matches the events in which a field is known.
type has struct{ field *Field }

func (h has) reads() Known                           { return h.field.known }
func (h has) selection(bool) Selection               { return Selection{} }
func (h has) write(b *strings.Builder, _ precedence) { b.WriteString("has " + h.field.Name) }

func (h has) decide(e *event.Event, known Known) Answer {
	switch {
	case known&h.field.known != h.field.known:
		return Maybe
	case h.field.present(e):
		return Yes
	default:
		return No
	}
}
