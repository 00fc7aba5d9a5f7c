package event

import "strings"

// StringArena allocates the strings of events: many in one allocation. The zero value
// is ready; it must not be copied once it was used. It is for one goroutine.
//
// A string that is kept keeps all of its block in memory, so this is for what
// lives about as long as the event.
type StringArena struct {
	block strings.Builder
}

// stringBlock is enough for the summaries of some 150 events.
const stringBlock = 16 << 10

// String returns the text as a string.
func (t *StringArena) String(text []byte) string {
	if t.block.Cap()-t.block.Len() < len(text) {
		t.block.Reset() // the strings keep their block
		t.block.Grow(max(stringBlock, len(text)))
	}
	start := t.block.Len()
	t.block.Write(text)
	return t.block.String()[start:]
}
