// Package output is for tests that start programs.
package output

import (
	"strings"
	"sync"
)

// Text collects what a program prints while others read it. The zero value is empty.
type Text struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write appends to it, as io.Writer.
func (t *Text) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

// String is what was printed so far.
func (t *Text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}
