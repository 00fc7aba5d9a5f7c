package filter

import (
	"strings"
	"unicode/utf8"
)

// tokenKind says what a token is.
type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenQuoted
	tokenOpen     // (
	tokenClose    // )
	tokenComma    // ,
	tokenOperator // = != < <= > >= ~
	tokenNot      // !
	tokenAnd      // &&
	tokenOr       // ||
)

// token is one piece of a filter.
type token struct {
	kind  tokenKind
	text  string // without quotes and escapes
	at    int    // byte offset in the filter
	after int    // where the next may begin
}

// keyword reports whether t is one of the words of the language. Case does not
// matter. A quoted word is always a value.
func (t token) keyword(word string) bool {
	return t.kind == tokenWord && strings.EqualFold(t.text, word)
}

// next reads the token that begins at or after an offset. A # begins a comment
// that ends with its line.
func next(text string, at int) (token, error) {
	at = skipSpace(text, at)
	if at == len(text) {
		return token{kind: tokenEnd, at: at, after: at}, nil
	}
	rest := text[at:]
	for _, p := range punctuation {
		if strings.HasPrefix(rest, p.text) {
			return token{p.kind, p.text, at, at + len(p.text)}, nil
		}
	}
	switch rest[0] {
	case '"', '\'':
		return quoted(text, at)
	case '&', '|':
		return token{}, &SyntaxError{Text: text, At: at, Length: 1, Problem: "unknown sign " + rest[:1], Hint: "write " + rest[:1] + rest[:1]}
	}
	length := strings.IndexFunc(rest, endsWord)
	if length < 0 {
		length = len(rest)
	}
	return token{tokenWord, rest[:length], at, at + length}, nil
}

// punctuation is in the order in which it is tried: the longer sign first.
var punctuation = []struct {
	text string
	kind tokenKind
}{
	{"!=", tokenOperator},
	{"<=", tokenOperator},
	{">=", tokenOperator},
	{"==", tokenOperator},
	{"&&", tokenAnd},
	{"||", tokenOr},
	{"=", tokenOperator},
	{"<", tokenOperator},
	{">", tokenOperator},
	{"~", tokenOperator},
	{"!", tokenNot},
	{"(", tokenOpen},
	{")", tokenClose},
	{",", tokenComma},
}

// wordEnds are the bytes that no bare word has. Names with one of them are quoted.
const wordEnds = " \t\r\n\f\v()=<>!~,\"'&|#"

func endsWord(r rune) bool { return r < utf8.RuneSelf && strings.ContainsRune(wordEnds, r) }

func skipSpace(text string, at int) int {
	for at < len(text) {
		switch {
		case strings.IndexByte(" \t\r\n\f\v", text[at]) >= 0:
			at++
		case text[at] == '#':
			line := strings.IndexByte(text[at:], '\n')
			if line < 0 {
				return len(text)
			}
			at += line
		default:
			return at
		}
	}
	return at
}

// quoted reads "..." or '...', in which a backslash takes the next byte as it is.
func quoted(text string, start int) (token, error) {
	quote := text[start]
	var value strings.Builder
	for at := start + 1; at < len(text); at++ {
		switch c := text[at]; {
		case c == quote:
			return token{tokenQuoted, value.String(), start, at + 1}, nil
		case c == '\\' && at+1 < len(text):
			at++
			value.WriteByte(text[at])
		default:
			value.WriteByte(c)
		}
	}
	return token{}, &SyntaxError{
		Text: text, At: start, Length: 1,
		Problem: "this quote has no end", Hint: "add " + string(quote) + " behind the name",
	}
}

// quote writes a value so that the lexer reads it again: bare if that is possible.
func quote(value string) string {
	if value != "" && !strings.ContainsFunc(value, endsWord) && !isReserved(value) {
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// isReserved: bare, these words are part of the language.
func isReserved(word string) bool {
	for _, reserved := range []string{"and", "or", "not", "in"} {
		if strings.EqualFold(word, reserved) {
			return true
		}
	}
	return false
}
