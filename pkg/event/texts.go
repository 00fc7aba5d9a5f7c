package event

import "strings"

// Texts makes the strings of events: many out of one allocation. The zero value
// is ready; it must not be copied once it was used. It is for one goroutine.
//
// A string that is kept keeps all of its block in memory, so this is for what
// lives about as long as the event.
type Texts struct {
	block strings.Builder
}

// textBlock is enough for the summaries of some 150 events.
const textBlock = 16 << 10

// Of returns the text as a string of its own.
func (t *Texts) Of(text []byte) string {
	if t.block.Cap()-t.block.Len() < len(text) {
		t.block.Reset() // the strings keep their block
		t.block.Grow(max(textBlock, len(text)))
	}
	start := t.block.Len()
	t.block.Write(text)
	return t.block.String()[start:]
}
