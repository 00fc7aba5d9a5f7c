package nearest

import (
	"path"
	"slices"
	"testing"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"port", "port", 0}, {"prot", "port", 1},
		{"pot", "port", 1}, {"poort", "port", 1}, {"part", "port", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"abcd", "badc", 2},
	} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("%q, %q: %d, want %d", c.a, c.b, got, c.want)
		}
		if Distance(c.a, c.b) != Distance(c.b, c.a) {
			t.Errorf("%q, %q: not symmetric", c.a, c.b)
		}
	}
}

func TestSuggest(t *testing.T) {
	known := []string{"peer-gone", "peer-aborted", "half-open", "/a/web.service"}
	for text, want := range map[string][]string{
		"peer-gnoe": {"peer-gone"}, "peer": {"peer-gone", "peer-aborted"}, "zz": nil, "pe": nil,
	} {
		if got := Suggest(text, known, nil); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := Suggest("wbe.service", known, path.Base); !slices.Equal(got, []string{"/a/web.service"}) {
		t.Errorf("by the last part: %q", got)
	}
}
