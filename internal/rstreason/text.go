package rstreason

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// Text is the text in a payload of a RST, which may be only how it begins. It is "" where
// that is no text (RFC 9293, 3.5.3).
func Text(payload []byte) string {
	said, _, _ := bytes.Cut(payload, []byte{0})
	said = bytes.TrimSpace(withoutHalfRune(said))
	if !utf8.Valid(said) || bytes.ContainsFunc(said, unprintable) {
		return ""
	}
	return string(said)
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) && !unicode.IsSpace(r) }

// withoutHalfRune leaves out a character that was cut off at the end.
func withoutHalfRune(s []byte) []byte {
	for i := len(s) - 1; i >= max(0, len(s)-utf8.UTFMax); i-- {
		if utf8.RuneStart(s[i]) {
			if !utf8.FullRune(s[i:]) {
				return s[:i]
			}
			break
		}
	}
	return s
}
