package otlp

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePairs(t *testing.T) {
	got, err := ParsePairs("Authorization=Bearer%20a+b=, x-scope = 1")
	must(t, err)
	if diff := cmp.Diff(map[string]string{"Authorization": "Bearer a+b=", "x-scope": "1"}, got); diff != "" {
		t.Error(diff)
	}
	for _, text := range []string{"", "secret", "=secret", "a=secret%2", "a=secret,"} {
		if _, err := ParsePairs(text); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
