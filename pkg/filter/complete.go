package filter

import (
	"slices"
	"strings"
)

// Complete lists what may come next at the end of an unfinished filter: whole
// filters, each the text with one more word. The last word of the text may be
// unfinished.
func Complete(text string) []string {
	before, last := splitLast(text)
	var offers []string
	for _, word := range expected(before) {
		if strings.HasPrefix(strings.ToLower(word), strings.ToLower(last)) {
			offers = append(offers, before+word)
		}
	}
	return offers
}

// splitLast cuts off the word that is being typed.
func splitLast(text string) (before, last string) {
	at := strings.LastIndexFunc(text, endsWord)
	return text[:at+1], text[at+1:]
}

// expected are the words that fit behind a text that ends between two words.
func expected(text string) []string {
	var tokens []token
	for at := 0; ; {
		t, err := next(text, at)
		if err != nil {
			return nil
		}
		if t.kind == tokenEnd {
			return wordsAfter(tokens)
		}
		tokens = append(tokens, t)
		at = t.after
	}
}

func wordsAfter(tokens []token) []string {
	if len(tokens) == 0 {
		return testStarts()
	}
	last := tokens[len(tokens)-1]
	switch {
	case last.kind == tokenAnd || last.kind == tokenOr || last.kind == tokenNot,
		last.keyword("and"), last.keyword("or"), last.keyword("not"):
		return testStarts()
	case last.keyword("has"):
		return fieldNames(func(f *Field) bool { return f.kind != kindWord })
	case last.keyword("in"):
		return []string{"("}
	case last.kind == tokenOpen || last.kind == tokenComma || last.kind == tokenOperator:
		if f := fieldOfValue(tokens); f != nil {
			return valuesOf(f)
		}
		return testStarts()
	case last.kind == tokenWord:
		if f := fieldByName(last.text); f != nil && f.kind != kindWord && startsTest(tokens[:len(tokens)-1]) {
			return append(valuesOf(f), "in")
		}
	}
	return []string{"and", "or"}
}

// startsTest reports whether a test begins behind tokens.
func startsTest(tokens []token) bool {
	if len(tokens) == 0 {
		return true
	}
	last := tokens[len(tokens)-1]
	switch last.kind {
	case tokenAnd, tokenOr, tokenNot:
		return true
	case tokenOpen:
		return fieldOfValue(tokens) == nil
	}
	return last.keyword("and") || last.keyword("or") || last.keyword("not") || last.keyword("has")
}

// fieldOfValue is the field whose value comes next: after its operator, or in its
// list. nil: none.
func fieldOfValue(tokens []token) *Field {
	at := len(tokens) - 1
	if tokens[at].kind == tokenOperator {
		if at == 0 {
			return nil
		}
		return fieldByName(tokens[at-1].text)
	}
	for ; at >= 0 && tokens[at].kind != tokenOpen; at-- {
		if k := tokens[at].kind; k != tokenComma && k != tokenWord && k != tokenQuoted {
			return nil
		}
	}
	if at < 2 || !tokens[at-1].keyword("in") {
		return nil
	}
	return fieldByName(tokens[at-2].text)
}

func testStarts() []string {
	return append(fieldNames(func(*Field) bool { return true }), "not", "has")
}

func fieldNames(wanted func(*Field) bool) (names []string) {
	for _, f := range fields {
		if wanted(f) {
			names = append(names, f.Name)
		}
	}
	return names
}

func valuesOf(f *Field) []string {
	if f.values == nil {
		return nil
	}
	return slices.Clone(f.values())
}
