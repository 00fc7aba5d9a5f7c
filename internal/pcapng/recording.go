package pcapng

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What a recording has in its blocks. Sink and source agree on it here.
const (
	// recordingComment is how the comment of a section header begins that rsttrace wrote.
	// Programs that copy a file keep it, where they put their own name as the application.
	recordingComment = "Recording of rsttrace"
	runWord          = ", run "

	// UnknownDevice is the name of the interface for packets whose device is not known. That
	// of a sent RST never is: the route decides it later.
	UnknownDevice = "unknown"

	// Rebuilt is how the comment begins on a packet that was not captured.
	Rebuilt = "Rebuilt, not captured"
	// trigger is how the first comment begins on a packet that a RST answers.
	trigger = "Answered by event "
	// item is how every JSON line begins.
	item = `{"schema":`
	// continued is how a comment begins that goes on with the JSON line of the one before.
	continued = "…"

	// Fields of a journal entry: a JSON line, how many entries it is spread over where
	// that is more than one, and what goes on in the further ones.
	journalItem  = "RSTTRACE_JSON="
	journalParts = "RSTTRACE_PARTS="
	journalMore  = "RSTTRACE_MORE="
)

// RecordingComment is the comment of a section header. The run tells the files of one
// run from those of another one.
func RecordingComment(run string) string {
	return recordingComment + runWord + run + `. "rsttrace read FILE" shows all of it.`
}

// RunOf is the run of a recording, by the comments of its first section header. ok is
// false for a file that is no recording. run is "" where the comment says more than a
// recording does: mergecap puts files together, and they may be of several runs.
func RunOf(comments []string) (run string, ok bool) {
	for _, comment := range comments {
		rest, found := strings.CutPrefix(comment, recordingComment+runWord)
		if !found {
			continue
		}
		if run, _, _ = strings.Cut(rest, "."); comment != RecordingComment(run) {
			run = ""
		}
		return run, true
	}
	return "", false
}

// IsRecording reports whether a file is a recording, by its first bytes.
func IsRecording(head []byte) bool {
	_, ok := RunOf(Section(head))
	return ok
}

// TriggerComment is the first comment of a packet that the RST of an event answers.
func TriggerComment(event uint64) string { return trigger + strconv.FormatUint(event, 10) }

// TriggerOf is the reverse of TriggerComment.
func TriggerOf(comment []byte) (event uint64, ok bool) {
	if !bytes.HasPrefix(comment, []byte(trigger)) {
		return 0, false
	}
	event, err := strconv.ParseUint(string(comment[len(trigger):]), 10, 64)
	return event, err == nil
}

// Item appends a JSON line as comments. A long one becomes several.
func (b *Buffer) Item(line []byte) {
	rest := line
	for first := true; first || len(rest) > 0; first = false {
		part := rest
		if len(part) > itemPart {
			part = part[:wholeRunes(part, itemPart)]
		}
		rest = rest[len(part):]
		if first {
			b.Option(OptionComment, part)
		} else {
			b.option(OptionComment, len(continued)+len(part))
			b.Bytes = append(append(b.Bytes, continued...), part...)
			b.pad(len(continued) + len(part))
		}
	}
}

// itemPart leaves room for the sign of what goes on.
const itemPart = 60_000

// wholeRunes is the largest length up to most that cuts no character.
func wholeRunes(text []byte, most int) int {
	for cut := most; cut > most-utf8.UTFMax; cut-- {
		if utf8.RuneStart(text[cut]) {
			return cut
		}
	}
	return most
}

// Noted is what the comments of a packet say.
type Noted struct {
	Item    []byte // the JSON line of an event; empty: there is none
	Rebuilt bool
	Answer  uint64 // number of the event that answers the packet; 0: none
}

// Notes reads the comments of a packet. Item is appended to room.
func (b Block) Notes(after int, room []byte) Noted {
	n := Noted{Item: room[:0]}
	for code, value := range b.Options(after) {
		if code != OptionComment {
			continue
		}
		switch {
		case len(n.Item) == 0 && bytes.HasPrefix(value, []byte(item)):
			n.Item = append(n.Item, value...)
		case len(n.Item) > 0 && bytes.HasPrefix(value, []byte(continued)):
			n.Item = append(n.Item, value[len(continued):]...)
		case bytes.HasPrefix(value, []byte(Rebuilt)):
			n.Rebuilt = true
		default:
			if event, ok := TriggerOf(value); ok {
				n.Answer = event
			}
		}
	}
	return n
}

// Namespace is the description of an interface: the network namespace that the device is
// in, by number and name. Either may not be known.
func Namespace(inode uint32, name string) string {
	number := strconv.FormatUint(uint64(inode), 10)
	switch {
	case inode == 0:
		return namespace + "not known"
	case name == "":
		return namespace + number
	}
	return namespace + number + " " + name
}

const namespace = "network namespace "

// NamespaceOf is the number in a description, 0 where it is not known.
func NamespaceOf(description string) uint32 {
	rest, ok := strings.CutPrefix(description, namespace)
	if !ok {
		return 0
	}
	number, _, _ := strings.Cut(rest, " ")
	inode, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return 0
	}
	return uint32(inode)
}
