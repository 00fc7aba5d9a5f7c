package jsonl

import (
	"net/netip"
	"strconv"
)

// line is what is written of a JSON object. Every method appends one member and
// returns the longer line. Names come as they stand in JSON: `"pid":`. They are
// constants of this package and need no escape. A comma stands behind every
// member; close takes it away where the object ends.
//
// Fields that are unknown (the zero value) are left out, except by the methods
// whose names say otherwise.
type line []byte

// open begins an object that is a member; name is "" for one in a list.
func (l line) open(name string) line { return append(append(l, name...), '{') }

// close ends an object.
func (l line) close() line { return l.end('}') }

// closeUnlessEmpty ends the object that was opened at start, or takes it back if
// it has no members.
func (l line) closeUnlessEmpty(start int) line {
	if l[len(l)-1] == '{' {
		return l[:start]
	}
	return l.close()
}

// openList begins a list that is a member.
func (l line) openList(name string) line { return append(append(l, name...), '[') }

func (l line) closeList() line { return l.end(']') }

func (l line) end(bracket byte) line {
	if last := len(l) - 1; l[last] == ',' {
		l[last] = bracket
	} else {
		l = append(l, bracket)
	}
	return append(l, ',')
}

// whole is the line of an object that is no member.
func (l line) whole() []byte {
	l = l.close()
	return l[:len(l)-1]
}

func (l line) text(name, value string) line {
	if value == "" {
		return l
	}
	return l.textAlways(name, value)
}

func (l line) textAlways(name, value string) line {
	return append(appendString(append(l, name...), value), ',')
}

func (l line) number(name string, value uint64) line {
	if value == 0 {
		return l
	}
	return l.numberAlways(name, value)
}

func (l line) numberAlways(name string, value uint64) line {
	return append(strconv.AppendUint(append(l, name...), value, 10), ',')
}

func (l line) signed(name string, value int64) line {
	return append(strconv.AppendInt(append(l, name...), value, 10), ',')
}

func (l line) flag(name string, value bool) line {
	if !value {
		return l
	}
	return l.flagAlways(name, value)
}

func (l line) flagAlways(name string, value bool) line {
	return append(strconv.AppendBool(append(l, name...), value), ',')
}

func (l line) texts(name string, values []string) line {
	if len(values) == 0 {
		return l
	}
	l = l.openList(name)
	for _, value := range values {
		l = append(appendString(l, value), ',')
	}
	return l.closeList()
}

func (l line) address(name string, addr netip.Addr) line {
	if addr.Zone() != "" { // an interface name, which may hold anything
		return l.textAlways(name, addr.String())
	}
	l = append(append(l, name...), '"')
	return append(addr.Unmap().AppendTo(l), '"', ',')
}
