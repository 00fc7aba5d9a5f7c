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

// timestamp always writes nine decimals, so that lines sort as text.
func (o *object) timestamp(name string, t time.Time) {
	o.key(name)
	o.buf = append(o.buf, '"')
	o.buf = t.UTC().AppendFormat(o.buf, "2006-01-02T15:04:05.000000000Z07:00")
	o.buf = append(o.buf, '"')
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

// appendString appends value as a JSON string. More is escaped than JSON asks:
// everything that is not printable, so that a line may be shown on a terminal
// as it is. Invalid UTF-8 becomes U+FFFD, as in encoding/json.
func appendString(buf []byte, value string) []byte {
	buf = append(buf, '"')
	start := 0 // of the part that is copied as it is
	for i := 0; ; {
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
