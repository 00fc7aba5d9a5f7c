package pcapng

import (
	"bytes"
	"strconv"
)

// journalPart is how much of a JSON line an entry has at most: editcap refuses an entry
// of more than 256 KiB.
const journalPart = 200_000

// Entry is a line of a log: what has no packet.
type Entry struct {
	Micros   int64 // of the Unix time
	Message  string
	Priority byte // as of syslog: '4' a warning, '6' for information
	Item     []byte
}

// Entry appends a log entry. Message and Item have no line breaks. A long Item becomes
// several entries.
func (b *Buffer) Entry(e *Entry) {
	parts := max(1, (len(e.Item)+journalPart-1)/journalPart)
	for i := range parts {
		part := e.Item[i*journalPart : min((i+1)*journalPart, len(e.Item))]
		b.Begin(JournalEntry)
		start := len(b.Bytes)
		b.Bytes = append(b.Bytes, "__REALTIME_TIMESTAMP="...)
		b.Bytes = strconv.AppendInt(b.Bytes, max(e.Micros, 0), 10)
		b.field("MESSAGE=", e.Message)
		b.field("PRIORITY=", string(e.Priority))
		b.field("SYSLOG_IDENTIFIER=", "rsttrace")
		name := journalItem
		if i > 0 {
			name = journalMore
		} else if parts > 1 {
			b.field(journalParts, strconv.Itoa(parts))
		}
		b.Bytes = append(append(append(b.Bytes, '\n'), name...), part...)
		b.Bytes = append(b.Bytes, '\n')
		b.pad(len(b.Bytes) - start)
		b.End()
	}
}

func (b *Buffer) field(name, value string) {
	b.Bytes = append(append(append(b.Bytes, '\n'), name...), value...)
}

// Journal puts together the JSON lines of journal entries.
type Journal struct {
	item    []byte
	missing int // further parts
}

// Add reads an entry. It returns a JSON line once that is complete, valid until the next
// call. An entry of another program has none.
func (j *Journal) Add(b Block) (item []byte) {
	parts := 1
	for line := range bytes.Lines(bytes.TrimRight(b.Body, "\x00")) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		if value, ok := bytes.CutPrefix(line, []byte(journalParts)); ok {
			if n, err := strconv.Atoi(string(value)); err == nil && n > 1 {
				parts = n
			}
		}
		if value, ok := bytes.CutPrefix(line, []byte(journalItem)); ok {
			j.item, j.missing = append(j.item[:0], value...), parts-1
			return j.complete()
		}
		if value, ok := bytes.CutPrefix(line, []byte(journalMore)); ok && j.missing > 0 {
			j.item, j.missing = append(j.item, value...), j.missing-1
			return j.complete()
		}
	}
	return nil
}

func (j *Journal) complete() []byte {
	if j.missing > 0 {
		return nil
	}
	return j.item
}
