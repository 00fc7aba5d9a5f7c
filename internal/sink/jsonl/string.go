package jsonl

import (
	"unicode"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// plain is true for the bytes that stand for themselves in a JSON string and on
// a terminal: ASCII only.
var plain = func() (table [256]bool) {
	for c := range utf8.RuneSelf {
		table[c] = c >= ' ' && c != '"' && c != '\\' && c != 0x7f
	}
	return table
}()

// tops are the top bits of eight bytes.
const tops = 0x8080808080808080

// unplain has the top bit of a byte set where one of eight bytes is not plain, and
// anything in the other bits: it works on all of them at once. A borrow may set
// more of the top bits, but only where there is one.
func unplain(word uint64) uint64 {
	const ones = 0x0101010101010101
	controls := word - ones*' '
	quotes := word ^ ones*'"' - ones
	backslashes := word ^ ones*'\\' - ones
	deletes := word + ones // 0x7f carries into the top bit
	return word | controls | quotes | backslashes | deletes
}

// eight are the first eight bytes of s as one number.
func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// isPlain reports whether all bytes of s are plain.
func isPlain(s string) bool {
	if len(s) < 8 {
		for i := range len(s) {
			if !plain[s[i]] {
				return false
			}
		}
		return true
	}
	found := unplain(eight(s[len(s)-8:])) // what the loop leaves, and some of the rest again
	for ; len(s) > 8; s = s[8:] {
		found |= unplain(eight(s))
	}
	return found&tops == 0
}

// appendString appends value as a JSON string. More is escaped than JSON asks:
// everything that is not printable, so that a line may be shown on a terminal
// as it is. Invalid UTF-8 becomes U+FFFD, as in encoding/json.
func appendString(buf []byte, value string) []byte {
	buf = append(buf, '"')
	if isPlain(value) {
		buf = append(buf, value...)
	} else {
		buf = appendPrintable(buf, value)
	}
	return append(buf, '"')
}

func appendPrintable(buf []byte, value string) []byte {
	start := 0 // of the part that is copied as it is
	for i := 0; i < len(value); {
		r, size := utf8.DecodeRuneInString(value[i:])
		if !standsForItself(r) {
			buf = append(buf, value[start:i]...)
			buf = appendEscaped(buf, r)
			start = i + size
		}
		i += size
	}
	return append(buf, value[start:]...)
}

// standsForItself: a character can be written as it is. U+FFFD never is, whether
// it was in the text or replaces invalid bytes: a line that is read and written
// again has the same bytes.
func standsForItself(r rune) bool {
	if r < utf8.RuneSelf {
		return plain[r]
	}
	return r != utf8.RuneError && unicode.IsPrint(r)
}

func appendEscaped(buf []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(buf, '\\', byte(r))
	case '\n':
		return append(buf, '\\', 'n')
	case '\r':
		return append(buf, '\\', 'r')
	case '\t':
		return append(buf, '\\', 't')
	}
	if r > 0xffff { // a surrogate pair
		r -= 0x10000
		buf = appendHex(buf, 0xd800+r>>10)
		r = 0xdc00 + r&0x3ff
	}
	return appendHex(buf, r)
}

func appendHex(buf []byte, r rune) []byte {
	return append(buf, '\\', 'u',
		hexDigits[r>>12&0xf], hexDigits[r>>8&0xf], hexDigits[r>>4&0xf], hexDigits[r&0xf])
}
