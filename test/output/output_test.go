package output

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// TestText: nothing is lost between several programs, and readers may come at any time.
func TestText(t *testing.T) {
	const programs, lines = 4, 100
	var text Text
	var writing sync.WaitGroup
	for program := range programs {
		writing.Go(func() {
			for line := range lines {
				fmt.Fprintf(&text, "%d says %d\n", program, line)
				_ = text.String()
			}
		})
	}
	writing.Wait()
	if n := strings.Count(text.String(), "\n"); n != programs*lines {
		t.Errorf("%d lines of %d", n, programs*lines)
	}
}
