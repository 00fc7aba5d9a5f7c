package cause

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Grouped writes a number with a space between groups of three digits.
func Grouped(n uint64) string { return string(appendGrouped(nil, n)) }

func appendGrouped(text []byte, n uint64) []byte {
	var room [20]byte
	digits := strconv.AppendUint(room[:0], n, 10)
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			text = append(text, ' ')
		}
		text = append(text, d)
	}
	return text
}

// bytesOf writes a count of bytes, with an adjective: "1 448 unread bytes".
func bytesOf(n uint32, adjective string) string { return string(appendBytesOf(nil, n, adjective)) }

func appendBytesOf(text []byte, n uint32, adjective string) []byte {
	text = append(appendGrouped(text, uint64(n)), ' ')
	if adjective != "" {
		text = append(append(text, adjective...), ' ')
	}
	if n == 1 {
		return append(text, "byte"...)
	}
	return append(text, "bytes"...)
}

// ago writes when a connection was closed, to the precision that is known and
// matters to a person.
func ago(c event.Closing) string {
	d, least := c.Ago, max(c.Precision, time.Millisecond)
	switch {
	case d < least:
		return "less than " + strconv.FormatFloat(math.Ceil(least.Seconds()*1000), 'f', 0, 64) + " ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < time.Hour:
		return strconv.FormatInt(int64(d/time.Minute), 10) + " min"
	}
	return strconv.FormatInt(int64(d/time.Hour), 10) + " h"
}

// appendSilence tells how long the peer had been silent, where that was long
// enough to matter, in the unit in which limits on idle connections are given:
// 350 s, 30 min. It ends in what may be followed by "; lost:".
func appendSilence(text []byte, c *event.Conn) []byte {
	d := time.Duration(c.LastReceivedMillis) * time.Millisecond
	unit, name := time.Second, " s"
	switch {
	case d < time.Second:
		return text
	case d >= 10*time.Hour:
		unit, name = time.Hour, " h"
	case d >= 10*time.Minute:
		unit, name = time.Minute, " min"
	}
	text = append(text, "; nothing had come from the peer for "...)
	return append(strconv.AppendInt(text, int64(d/unit), 10), name...)
}

// alsoLost appends what was lost to a sentence.
func alsoLost(sentence string, l event.Lost, unread bool) string {
	return string(appendAlsoLost([]byte(sentence), l, unread))
}

// appendAlsoLost lists the data that died with the connection: "; lost: 12 unsent
// bytes and 1 448 unacknowledged bytes". It appends nothing where none did or none
// is known.
func appendAlsoLost(text []byte, l event.Lost, unread bool) []byte {
	if !unread {
		l.UnreadBytes = 0
	}
	parts := [...]struct {
		bytes     uint32
		adjective string
	}{{l.UnreadBytes, "unread"}, {l.UnsentBytes, "unsent"}, {l.UnackedBytes, "unacknowledged"}}
	last := len(parts) - 1
	for last >= 0 && parts[last].bytes == 0 {
		last--
	}
	join := "; lost: "
	for i, part := range parts[:last+1] {
		if part.bytes == 0 {
			continue
		}
		if i == last && join == ", " {
			join = " and "
		}
		text = appendBytesOf(append(text, join...), part.bytes, part.adjective)
		join = ", "
	}
	return text
}

// mostLikely hedges a sentence whose cause is an inference.
func mostLikely(e *event.Event) string {
	if e.Certainty == event.Likely {
		return "most likely "
	}
	return ""
}

// packetName names a packet by what it does: "a SYN", "47 bytes of data".
func packetName(s event.Segment) string { return string(appendPacketName(nil, &s)) }

func appendPacketName(text []byte, s *event.Segment) []byte {
	switch {
	case s.Flags.Has(event.SYN | event.ACK):
		return append(text, "a SYN-ACK"...)
	case s.Flags.Has(event.SYN):
		return append(text, "a SYN"...)
	case s.Len > 0:
		return append(appendBytesOf(text, s.Len, ""), " of data"...)
	case s.Flags.Has(event.FIN):
		return append(text, "a FIN"...)
	case s.Flags.Has(event.ACK):
		return append(text, "an ACK"...)
	}
	return append(text, "a packet"...)
}

// processRef names a process in the short form of this tool: comm[pid].
func processRef(comm string, pid uint32) string { return string(appendProcessRef(nil, comm, pid)) }

func appendProcessRef(text []byte, comm string, pid uint32) []byte {
	if comm == "" {
		comm = "process"
	}
	text = append(append(text, comm...), '[')
	return append(strconv.AppendUint(text, uint64(pid), 10), ']')
}

// sentence raises the first letter, unless the sentence starts with the name of
// a process, which is written as it is.
func sentence(who, text string) string {
	if who != "" && strings.HasPrefix(text, who) {
		return text
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}
