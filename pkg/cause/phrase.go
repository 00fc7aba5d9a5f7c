package cause

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// grouped writes a number with a space between groups of three digits.
func grouped(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	var out strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out.WriteByte(' ')
		}
		out.WriteRune(d)
	}
	return out.String()
}

// bytesOf writes a count of bytes, with an adjective: "1 448 unread bytes".
func bytesOf(n uint32, adjective string) string {
	unit := "bytes"
	if n == 1 {
		unit = "byte"
	}
	if adjective != "" {
		unit = adjective + " " + unit
	}
	return grouped(uint64(n)) + " " + unit
}

// ago writes a duration to the precision that matters to a person.
func ago(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "less than 1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < time.Hour:
		return strconv.FormatInt(int64(d/time.Minute), 10) + " min"
	}
	return strconv.FormatInt(int64(d/time.Hour), 10) + " h"
}

// lost lists the data that died with the connection: "12 unsent and 1 448
// unacknowledged bytes"; "" where none did or none is known.
func lost(l event.Lost, unread bool) string {
	var parts []string
	if unread && l.UnreadBytes > 0 {
		parts = append(parts, bytesOf(l.UnreadBytes, "unread"))
	}
	if l.UnsentBytes > 0 {
		parts = append(parts, bytesOf(l.UnsentBytes, "unsent"))
	}
	if l.UnackedBytes > 0 {
		parts = append(parts, bytesOf(l.UnackedBytes, "unacknowledged"))
	}
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return parts[0]
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}

// alsoLost appends what was lost to a sentence.
func alsoLost(sentence string, l event.Lost, unread bool) string {
	if what := lost(l, unread); what != "" {
		return sentence + "; lost: " + what
	}
	return sentence
}

// mostLikely hedges a sentence whose cause is an inference.
func mostLikely(e *event.Event) string {
	if e.Certainty == event.Likely {
		return "most likely "
	}
	return ""
}

// packetName names a packet by what it does: "a SYN", "47 bytes of data".
func packetName(s event.Segment) string {
	switch {
	case s.Flags.Has(event.SYN | event.ACK):
		return "a SYN-ACK"
	case s.Flags.Has(event.SYN):
		return "a SYN"
	case s.Len > 0:
		return bytesOf(s.Len, "") + " of data"
	case s.Flags.Has(event.FIN):
		return "a FIN"
	case s.Flags.Has(event.ACK):
		return "an ACK"
	}
	return "a packet"
}

// ref names a process in the short form of this tool: comm[pid].
func ref(comm string, pid uint32) string { return string(appendRef(nil, comm, pid)) }

// appendRef appends what ref returns.
func appendRef(text []byte, comm string, pid uint32) []byte {
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
