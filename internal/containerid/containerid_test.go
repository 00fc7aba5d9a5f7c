package containerid

import (
	"strings"
	"testing"
)

func TestIs(t *testing.T) {
	for text, want := range map[string]bool{
		strings.Repeat("3f2a", 16):          true,
		strings.Repeat("3f2a", 15):          false,
		strings.Repeat("3F2A", 16):          false,
		strings.Repeat("web-", 16):          false,
		"a" + strings.Repeat("-", 62) + "a": false,
		"":                                  false,
	} {
		if Is(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}
