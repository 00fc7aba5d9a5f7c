package filter

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rsttrace/rsttrace/internal/nearest"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Field is a property of events that filters can ask for.
type Field struct {
	Name    string
	Help    string // what it is, in one sentence without a stop
	Example string // a test that uses it

	kind   kind
	known  Known // what decides it
	blanks bool  // a value may begin or end with a blank, as a name may

	// equal compiles a test for one value. Of words it takes "".
	equal func(v *Vocabulary, value string) (equality, error)
	// texts calls a function with each text that the event has of a text field,
	// until it returns true.
	texts func(e *event.Event, is func(string) bool) bool
	// numbers is the same for a number field; number reads a value.
	numbers func(e *event.Event, is func(uint64) bool) bool
	number  func(value string) (uint64, error)
	// values are those that the shell completes.
	values func() []string
}

// kind is what values a field has.
type kind uint8

const (
	kindWord   kind = iota // it is a test by itself: sent
	kindText               // comm nginx
	kindNumber             // silence > 300s
)

// equality is a compiled test for one value, see test.
type equality struct {
	value string // as it is written; "": as it was
	known Known  // what decides it, if that is less than for the field; else 0
	match func(*event.Event) bool
	picks Selection
	rest  Selection
}

// Vocabulary says what names mean on this host. The zero value is for events of
// any host, such as those of a recording: all names are compared as they are.
type Vocabulary struct {
	// Netns returns the inode number of a network namespace: of a name, a path
	// or a number as rsttrace prints it.
	Netns func(text string) (uint32, error)
	// Cgroup returns the path of a control group in the form that events have.
	Cgroup func(text string) (string, error)
}

// Fields lists all fields in the order in which people read them.
func Fields() []*Field { return slices.Clone(fields) }

func fieldByName(name string) *Field {
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			return f
		}
	}
	return nil
}

// present reports whether an event has a value of the field.
func (f *Field) present(e *event.Event) bool {
	switch f.kind {
	case kindText:
		return f.texts(e, func(text string) bool { return text != "" })
	case kindNumber:
		return f.numbers(e, func(uint64) bool { return true })
	default:
		match, _ := f.equal(&Vocabulary{}, "")
		return match.match(e)
	}
}

// operators are those that fit the field.
func (f *Field) operators() []operator {
	switch {
	case f.kind == kindWord:
		return nil
	case f.numbers != nil:
		return []operator{is, isNot, less, atMost, more, atLeast}
	default:
		return []operator{is, isNot, like}
	}
}

// compile makes a test of the field.
func (f *Field) compile(v *Vocabulary, op operator, value string) (node, error) {
	t := &test{field: f, op: op, value: value, known: f.known}
	switch op {
	case is, isNot:
		e, err := f.equalTo(v, value)
		if err != nil {
			return nil, err
		}
		t.value, t.known = cmp.Or(e.value, value), cmp.Or(e.known, f.known)
		t.match, t.picks, t.rest = e.match, e.picks, e.rest
		if op == isNot {
			t.match = func(event *event.Event) bool { return !e.match(event) }
			t.picks, t.rest = e.rest, e.picks
		}
	case like:
		pattern, err := regexp.Compile(value)
		if err != nil {
			return nil, fmt.Errorf("bad regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		isLike := func(text string) bool { return text != "" && pattern.MatchString(text) }
		t.match = func(e *event.Event) bool { return f.texts(e, isLike) }
	default:
		limit, err := f.number(value)
		if err != nil {
			return nil, err
		}
		holds := comparison(op, limit)
		t.match = func(e *event.Event) bool { return f.numbers(e, holds) }
	}
	return t, nil
}

func (f *Field) equalTo(v *Vocabulary, value string) (equality, error) {
	if f.equal != nil {
		return f.equal(v, value)
	}
	if f.kind == kindNumber {
		number, err := f.number(value)
		if err != nil {
			return equality{}, err
		}
		same := func(n uint64) bool { return n == number }
		return equality{match: func(e *event.Event) bool { return f.numbers(e, same) }}, nil
	}
	if f.values != nil {
		known := f.values()
		if at := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, value) }); at >= 0 {
			value = known[at]
		} else {
			return equality{}, unknownValue(f.Name, value, known)
		}
	}
	same := func(text string) bool { return text == value }
	return equality{value: value, match: func(e *event.Event) bool { return f.texts(e, same) }}, nil
}

func comparison(op operator, limit uint64) func(uint64) bool {
	switch op {
	case less:
		return func(n uint64) bool { return n < limit }
	case atMost:
		return func(n uint64) bool { return n <= limit }
	case more:
		return func(n uint64) bool { return n > limit }
	default:
		return func(n uint64) bool { return n >= limit }
	}
}

// unknownValue is the error for a value that a field with fixed values lacks.
func unknownValue(field, value string, known []string) error {
	if near := nearest.Suggest(strings.ToLower(value), known, nil); len(near) > 0 {
		return fmt.Errorf("unknown %s %q: did you mean %s?", field, value, strings.Join(near, " or "))
	}
	const fewEnough = 12
	if len(known) <= fewEnough {
		return fmt.Errorf("unknown %s %q: want %s", field, value, strings.Join(known, ", "))
	}
	return fmt.Errorf("unknown %s %q: %s lists all", field, value, cmp.Or(listedBy[field], "docs/event-schema.md"))
}

// listedBy says where to find the values of a field with many.
var listedBy = map[string]string{"cause": "rsttrace explain"}
