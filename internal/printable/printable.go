// Package printable writes text that others chose so that it can be shown.
package printable

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// Text returns text with everything that is not printable written as an
// escape (\x1b, \u202e): control characters, which a terminal would obey,
// invisible and direction-changing ones, which would mislead the reader, and
// bytes that are not UTF-8.
func Text(text string) string {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f {
			return escape(text)
		}
	}
	return text
}

func escape(text string) string {
	out := make([]byte, 0, len(text)+16)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1, r < utf8.RuneSelf && !unicode.IsPrint(r):
			out = append(out, '\\', 'x', hexDigits[text[i]>>4], hexDigits[text[i]&0xf])
		case unicode.IsPrint(r):
			out = append(out, text[i:i+size]...)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			out = append(out, quoted[1:len(quoted)-1]...)
		}
		i += size
	}
	return string(out)
}

const hexDigits = "0123456789abcdef"
