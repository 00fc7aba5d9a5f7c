package event

import (
	"bytes"
	"strings"
	"testing"
)

// TestTexts: a string stays what it was, whatever is made after it.
func TestTexts(t *testing.T) {
	var texts StringArena
	var got, want []string
	text := make([]byte, 0, 2*stringBlock)
	for i := range 3000 {
		length := i * 7 % 300
		if i%1000 == 500 {
			length = 2 * stringBlock
		}
		text = append(text[:0], bytes.Repeat([]byte{byte('a' + i%26)}, length)...)
		got = append(got, texts.String(text))
		want = append(want, strings.Clone(string(text)))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("text %d is %q, want %q", i, got[i], want[i])
		}
	}
}

func TestTextsAllocateSeldom(t *testing.T) {
	var texts StringArena
	text := bytes.Repeat([]byte("x"), stringBlock/40)
	allocations := testing.AllocsPerRun(100, func() {
		for range 40 {
			texts.String(text)
		}
	})
	if allocations > 2 { // at most one block begins and one ends in between
		t.Errorf("%v allocations for 40 texts", allocations)
	}
}
