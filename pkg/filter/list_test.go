package filter

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitList(t *testing.T) {
	for value, want := range map[string][]string{
		"":                   {""},
		"a":                  {"a"},
		"a,b , c":            {"a", "b", "c"},
		" a , b ":            {" a", "b "},
		",":                  {"", ""},
		`a\,b,c`:             {"a,b", "c"},
		`\,`:                 {","},
		`dev\x2ddisk.swap`:   {`dev\x2ddisk.swap`},
		`a\`:                 {`a\`},
		`a"b,"c"`:            {`a"b`, `"c"`},
		"80\nabc":            {"80\nabc"},
		"two\nlines,\nthree": {"two\nlines", "\nthree"},
	} {
		if diff := cmp.Diff(want, splitList(value)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", value, diff)
		}
	}
}

// Every name can be given: what a user escapes comes out as it was.
func FuzzSplitList(f *testing.F) {
	f.Add("nginx", "tmux: server")
	f.Add("a,b", `"c"`)
	f.Add(`x2d\y`, "two\nlines")
	f.Fuzz(func(t *testing.T, one, two string) {
		const blanks = " \t"
		for _, name := range []string{one, two} {
			if strings.HasSuffix(name, `\`) || strings.Trim(name, blanks) != name {
				t.Skip() // such a name is the last, or the only one
			}
		}
		escape := func(name string) string { return strings.ReplaceAll(name, ",", `\,`) }
		if strings.Contains(one+two, `\,`) {
			t.Skip() // a backslash before a comma has no form of its own
		}
		if diff := cmp.Diff([]string{one, two}, splitList(escape(one)+","+escape(two))); diff != "" {
			t.Error(diff)
		}
	})
}
