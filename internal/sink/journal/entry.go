package journal

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"
)

// valueMax is how long a value is at most: journald cuts longer messages, and many programs
// that read journals do.
const valueMax = 48<<10 - 1

// The priorities, as of syslog.
const (
	warning     uint64 = 4
	information uint64 = 6
)

// entry is a datagram: the fields of one entry. What is not known is left out.
type entry []byte

func (e entry) text(name, value string) entry {
	if value == "" {
		return e
	}
	value = cut(value)
	e = append(e, name...)
	if !strings.Contains(value, "\n") {
		e = append(e, '=')
	} else {
		e = append(e, '\n')
		e = binary.LittleEndian.AppendUint64(e, uint64(len(value)))
	}
	return append(append(e, value...), '\n')
}

func (e entry) number(name string, n uint64) entry {
	if n == 0 {
		return e
	}
	return append(strconv.AppendUint(append(append(e, name...), '='), n, 10), '\n')
}

// cut shortens a value at a character.
func cut(value string) string {
	if len(value) <= valueMax {
		return value
	}
	end := valueMax
	for end > 0 && !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end]
}
