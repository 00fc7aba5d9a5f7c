package filter

import (
	"fmt"
	"strings"

	"github.com/rsttrace/rsttrace/internal/nearest"
)

// Parse reads a filter. An error is a *SyntaxError. An empty text, or one of
// comments, matches everything.
//
//	sent and port 443 and cause in (peer-gone, half-open)
//	not comm nginx and silence > 300s
func Parse(text string, v Vocabulary) (*Filter, error) {
	p := parser{text: text, vocabulary: &v}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.kind == tokenEnd {
		return &Filter{}, nil
	}
	tree, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.token.kind != tokenEnd {
		return nil, p.leftOver()
	}
	return &Filter{tree: tree}, nil
}

// parser is a recursive descent: one method for each rule of the grammar.
type parser struct {
	text       string
	vocabulary *Vocabulary
	token      token // that is looked at
}

// maxDepth bounds the recursion: a filter may come from a file of somebody else.
const maxDepth = 200

func (p *parser) advance() (err error) {
	p.token, err = next(p.text, p.token.after)
	return err
}

// or is what is between two parentheses: parts of which one must hold.
func (p *parser) or(depth int) (node, error) {
	var parts disjunction
	for {
		part, err := p.and(depth)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		if p.token.kind != tokenOr && !p.token.keyword("or") {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return parts, nil
}

// and is parts that must all hold.
func (p *parser) and(depth int) (node, error) {
	var parts conjunction
	for {
		part, err := p.unary(depth)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		if p.token.kind != tokenAnd && !p.token.keyword("and") {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return parts, nil
}

// unary is a test, its negation, or a filter in parentheses.
func (p *parser) unary(depth int) (node, error) {
	if depth > maxDepth {
		return nil, p.problem("the parentheses are too deep", fmt.Sprintf("use at most %d", maxDepth))
	}
	start := p.token
	switch {
	case start.kind == tokenNot || start.keyword("not"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		negated, err := p.unary(depth + 1)
		if err != nil {
			return nil, err
		}
		return negation{negated}, nil
	case start.kind == tokenOpen:
		if err := p.advance(); err != nil {
			return nil, err
		}
		inner, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if p.token.kind != tokenClose {
			return nil, p.unclosed(start)
		}
		return inner, p.advance()
	}
	return p.test()
}

// test is a field with what it is compared with.
func (p *parser) test() (node, error) {
	if p.token.keyword("has") {
		return p.has()
	}
	field, err := p.fieldName()
	if err != nil {
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if field.kind == kindWord {
		if p.token.kind == tokenOperator {
			return nil, p.problem(field.Name+" takes no value", "write "+field.Name+" or not "+field.Name)
		}
		return field.compile(p.vocabulary, is, "")
	}
	if p.token.keyword("in") {
		return p.list(field)
	}
	op := is
	if p.token.kind == tokenOperator {
		if op, err = p.operator(field); err != nil {
			return nil, err
		}
	}
	if p.token.kind == tokenOpen {
		return nil, p.problem("a list needs the word in", "write "+field.Name+" in (…)")
	}
	return p.value(field, op)
}

func (p *parser) has() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	field, err := p.fieldName()
	if err != nil {
		return nil, err
	}
	if field.kind == kindWord {
		return nil, p.problem(field.Name+" is a test by itself", "write "+field.Name)
	}
	return has{field}, p.advance()
}

func (p *parser) fieldName() (*Field, error) {
	t := p.token
	if t.kind != tokenWord {
		if t.kind == tokenEnd {
			return nil, p.problem("the filter ends too early", "add a test, such as port 443")
		}
		return nil, p.problem("here a field is expected", "such as port, cause or comm")
	}
	if field := fieldByName(t.text); field != nil {
		return field, nil
	}
	return nil, p.problem(fmt.Sprintf("there is no field %q", t.text), meant(t.text))
}

// meant says what an unknown word may have been.
func meant(text string) string {
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	if near := nearest.Suggest(text, names, nil); len(near) > 0 {
		return "did you mean " + strings.Join(near, " or ") + "?"
	}
	for _, id := range causeNames() {
		if strings.EqualFold(id, text) {
			return "did you mean cause " + id + "?"
		}
	}
	return "rsttrace explain filter lists all fields"
}

func (p *parser) operator(field *Field) (operator, error) {
	op := operator(p.token.text)
	if op == "==" {
		op = is
	}
	var fitting []string
	for _, one := range field.operators() {
		if one == op {
			return op, p.advance()
		}
		fitting = append(fitting, string(one))
	}
	return "", p.problem(fmt.Sprintf("%s cannot be compared with %s", field.Name, op), "use one of "+strings.Join(fitting, " "))
}

// list is the values of field in (a, b): one must fit.
func (p *parser) list(field *Field) (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	open := p.token
	if open.kind != tokenOpen {
		return nil, p.problem("after in a list is expected", "write "+field.Name+" in (a, b)")
	}
	var values disjunction
	for {
		if err := p.advance(); err != nil {
			return nil, err
		}
		one, err := p.value(field, is)
		if err != nil {
			return nil, err
		}
		values = append(values, one)
		if p.token.kind == tokenClose {
			break
		}
		if p.token.kind != tokenComma {
			if p.token.kind == tokenEnd {
				return nil, p.unclosed(open)
			}
			return nil, p.problem("between two values a comma is expected", "write a, b")
		}
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if len(values) == 1 {
		return values[0], nil
	}
	return values, nil
}

// value reads one value of a field and makes the test.
func (p *parser) value(field *Field, op operator) (node, error) {
	t := p.token
	switch {
	case t.kind == tokenEnd:
		return nil, p.problem(field.Name+" needs a value", "such as "+field.Example)
	case t.kind != tokenWord && t.kind != tokenQuoted:
		return nil, p.problem("here a value of "+field.Name+" is expected", "such as "+field.Example)
	case t.kind == tokenWord && isReserved(t.text):
		return nil, p.problem(field.Name+" needs a value before "+t.text, "such as "+field.Example)
	case t.text == "":
		return nil, p.problem("the value of "+field.Name+" is empty", "such as "+field.Example)
	}
	test, err := field.compile(p.vocabulary, op, t.text)
	if err != nil {
		problem, hint, _ := strings.Cut(err.Error(), ": ")
		return nil, p.problem(problem, hint)
	}
	return test, p.advance()
}

func (p *parser) problem(problem, hint string) error {
	return &SyntaxError{Text: p.text, At: p.token.at, Length: p.token.after - p.token.at, Problem: problem, Hint: hint}
}

func (p *parser) unclosed(open token) error {
	return &SyntaxError{Text: p.text, At: open.at, Length: 1, Problem: "this parenthesis has no end", Hint: "add )"}
}

// leftOver: something is behind a whole filter.
func (p *parser) leftOver() error {
	switch p.token.kind {
	case tokenClose:
		return p.problem("this parenthesis was not opened", "leave it out")
	case tokenComma:
		return p.problem("a list of values needs parentheses", "write port in (80, 443)")
	case tokenOperator:
		return p.problem("here and, or, or the end is expected", "a comparison has one operator")
	}
	return p.problem("between two tests a word is missing", "write and, or or")
}
