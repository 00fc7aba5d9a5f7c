package jsonl

import (
	"net/netip"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

// object appends the members of one JSON object. Fields that are unknown (the
// zero value) are left out, except by the methods whose names say otherwise.
type object struct {
	buf []byte
}

// key starts a member. Names are constants of this package and need no escape.
func (o *object) key(name string) {
	if o.buf[len(o.buf)-1] != '{' {
		o.buf = append(o.buf, ',')
	}
	o.buf = append(o.buf, '"')
	o.buf = append(o.buf, name...)
	o.buf = append(o.buf, '"', ':')
}

func (o *object) open(name string) {
	o.key(name)
	o.buf = append(o.buf, '{')
}

func (o *object) close() { o.buf = append(o.buf, '}') }

func (o *object) text(name, value string) {
	if value != "" {
		o.textAlways(name, value)
	}
}

func (o *object) textAlways(name, value string) {
	o.key(name)
	o.buf = appendString(o.buf, value)
}

func (o *object) number(name string, value uint64) {
	if value != 0 {
		o.numberAlways(name, value)
	}
}

func (o *object) numberAlways(name string, value uint64) {
	o.key(name)
	o.buf = strconv.AppendUint(o.buf, value, 10)
}

func (o *object) signed(name string, value *int) {
	if value != nil {
		o.key(name)
		o.buf = strconv.AppendInt(o.buf, int64(*value), 10)
	}
}

func (o *object) flag(name string, value bool) {
	if value {
		o.key(name)
		o.buf = append(o.buf, "true"...)
	}
}

func (o *object) texts(name string, values []string) {
	if len(values) == 0 {
		return
	}
	o.key(name)
	o.buf = append(o.buf, '[')
	for i, value := range values {
		if i > 0 {
			o.buf = append(o.buf, ',')
		}
		o.buf = appendString(o.buf, value)
	}
	o.buf = append(o.buf, ']')
}

func (o *object) address(name string, addr netip.Addr) {
	if addr.Zone() != "" { // an interface name, which may hold anything
		o.textAlways(name, addr.String())
		return
	}
	o.key(name)
	o.buf = append(o.buf, '"')
	o.buf = addr.Unmap().AppendTo(o.buf)
	o.buf = append(o.buf, '"')
}

// timestamp always writes nine decimals, so that lines sort as text. Years have
// four digits.
func (o *object) timestamp(name string, t time.Time) {
	o.key(name)
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	o.buf = append(o.buf, '"')
	o.buf = appendDigits(o.buf, year, 4)
	o.buf = append(o.buf, '-')
	o.buf = appendDigits(o.buf, int(month), 2)
	o.buf = append(o.buf, '-')
	o.buf = appendDigits(o.buf, day, 2)
	o.buf = append(o.buf, 'T')
	o.buf = appendDigits(o.buf, hour, 2)
	o.buf = append(o.buf, ':')
	o.buf = appendDigits(o.buf, minute, 2)
	o.buf = append(o.buf, ':')
	o.buf = appendDigits(o.buf, second, 2)
	o.buf = append(o.buf, '.')
	o.buf = appendDigits(o.buf, t.Nanosecond(), 9)
	o.buf = append(o.buf, 'Z', '"')
}

// appendDigits appends n with zeros in front.
func appendDigits(buf []byte, n, width int) []byte {
	buf = append(buf, "000000000"[:width]...)
	for i := len(buf) - 1; n > 0; i, n = i-1, n/10 {
		buf[i] = byte('0' + n%10)
	}
	return buf
}

const hexDigits = "0123456789abcdef"

// plain is true for the bytes that stand for themselves in a JSON string and on
// a terminal: ASCII only.
var plain = func() (table [256]bool) {
	for c := range utf8.RuneSelf {
		table[c] = c >= ' ' && c != '"' && c != '\\' && c != 0x7f
	}
	return table
}()

// allPlain reports whether the first eight bytes of s are plain: it works on all
// of them at once. The top bit of a byte is set where the byte is not plain; a
// borrow may set more of them, never fewer.
func allPlain(s string) bool {
	const (
		ones = 0x0101010101010101
		tops = 0x8080808080808080
	)
	_ = s[7]
	word := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	controls := word - ones*' '
	quotes := word ^ ones*'"' - ones
	backslashes := word ^ ones*'\\' - ones
	deletes := word + ones // 0x7f carries into the top bit
	return (word|controls|quotes|backslashes|deletes)&tops == 0
}

// appendString appends value as a JSON string. More is escaped than JSON asks:
// everything that is not printable, so that a line may be shown on a terminal
// as it is. Invalid UTF-8 becomes U+FFFD, as in encoding/json.
func appendString(buf []byte, value string) []byte {
	buf = append(buf, '"')
	start := 0 // of the part that is copied as it is
	for i := 0; ; {
		for i+8 <= len(value) && allPlain(value[i:]) {
			i += 8
		}
		for i < len(value) && plain[value[i]] {
			i++
		}
		if i == len(value) {
			break
		}
		r, size := utf8.DecodeRuneInString(value[i:])
		if r < utf8.RuneSelf || (r == utf8.RuneError && size == 1) || !unicode.IsPrint(r) {
			buf = append(buf, value[start:i]...)
			buf = appendEscaped(buf, r)
			start = i + size
		}
		i += size
	}
	buf = append(buf, value[start:]...)
	return append(buf, '"')
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
