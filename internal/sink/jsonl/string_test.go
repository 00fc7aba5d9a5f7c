package jsonl

import (
	"bytes"
	"testing"
)

// TestIsPlain: every byte at every place, beside plain ones at the ends of what is
// plain.
func TestIsPlain(t *testing.T) {
	for length := range 26 {
		for _, others := range []byte{' ', '~', 'a'} {
			text := bytes.Repeat([]byte{others}, length)
			if !isPlain(string(text)) {
				t.Errorf("%q is plain", text)
			}
			for at := range text {
				for b := range 256 {
					text[at] = byte(b)
					if got := isPlain(string(text)); got != plain[b] {
						t.Errorf("%q: %v", text, got)
					}
				}
				text[at] = others
			}
		}
	}
}
