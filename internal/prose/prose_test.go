package prose

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSentences(t *testing.T) {
	got := Sentences(`It needs Linux 5.14. "Why?" Because of docs/a.md. (It is new.) code reads it, e.g. Go. 2 more follow: a; b`)
	want := []string{
		"It needs Linux 5.14.", `"Why?"`, "Because of docs/a.md.", "(It is new.)", "code reads it, e.g. Go.", "2 more follow: a; b",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

const page = `# A heading, which is a fragment
<!-- a comment: not read -->
Run ` + "`make quick -x y z`" + ` first. It
takes *one* [minute](https://example.com/a.b).

    indented code is not prose

` + "```" + `
neither is this
` + "```" + `
- An item.
- Another one

| name | what |
| --- | --- |
| short cell | This cell has as many words as a sentence. |

<!-- results: begin, written by a program -->
Not read either.
<!-- results: end -->
`

func TestMarkdown(t *testing.T) {
	want := []Text{
		{"A heading, which is a fragment", true},
		{"Run code first. It takes one minute.", false},
		{"An item.", false},
		{"Another one", false},
		{"name", true}, {"what", true},
		{"short cell", true},
		{"This cell has as many words as a sentence.", false},
	}
	if diff := cmp.Diff(want, Markdown([]byte(page))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPlainText(t *testing.T) {
	want := []Text{{Prose: "One line of two."}, {Prose: "Another."}}
	if diff := cmp.Diff(want, Plain("One line\nof two.\n\nAnother.\n\n")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// sentence has n words.
func sentence(n int) string { return "W" + strings.Repeat(" word", n-1) + ". " }

func TestMeasure(t *testing.T) {
	for _, test := range []struct {
		what  string
		text  string
		plain bool
	}{
		{"short sentences", strings.Repeat(sentence(17), 3), true},
		{"a little too long on average", strings.Repeat(sentence(17), 3) + sentence(18), false},
		{"one of 13 over 30", sentence(31) + strings.Repeat(sentence(5), 12), true},
		{"one of 12 over 30", sentence(31) + strings.Repeat(sentence(5), 11), false},
		{"exactly 30 is not long", sentence(30) + sentence(2), true},
		{"a forbidden phrase", "Nothing works but this. All pass, but for one.", false},
		{"dashes and arrows are no words", strings.Repeat("a — → ", 17) + ".", true},
	} {
		if m := Of(Plain(test.text)); m.Plain() != test.plain {
			t.Errorf("%s: plain is %v: %s%s", test.what, m.Plain(), m, m.Details())
		}
	}
	fragment := []Text{{"Hold it against the table", true}, {Prose: "Fine."}}
	if m := Of(fragment); m.Sentences != 1 || len(m.Forbidden) != 1 {
		t.Errorf("a fragment is counted, or its phrases are allowed: %s", m)
	}
}

// complaints is a test that notes whether it failed.
type complaints struct {
	testing.TB
	failed []string
}

func (*complaints) Helper()             {}
func (*complaints) Logf(string, ...any) {}

func (c *complaints) Errorf(format string, args ...any) {
	c.failed = append(c.failed, fmt.Sprintf(format, args...))
}

// TestRequire: what is bad and not listed fails, and so does what is good and listed.
func TestRequire(t *testing.T) {
	defer func(names []string) { unfinished = names }(unfinished)
	unfinished = []string{"listed.md"}
	for _, test := range []struct {
		name, text, complaint string
	}{
		{"new.md", "All is well.", ""},
		{"new.md", "All pass, but for one.", "but for"},
		{"new.md", sentence(31), "31 words"},
		{"new.md", "", "has no prose"},
		{"listed.md", "All pass, but for one.", ""},
		{"listed.md", "All is well.", "take it off the list"},
	} {
		var c complaints
		Require(&c, test.name, Plain(test.text))
		if got := strings.Join(c.failed, "\n"); (test.complaint == "") != (got == "") || !strings.Contains(got, test.complaint) {
			t.Errorf("%s %q: complaints %q, want %q", test.name, test.text, got, test.complaint)
		}
	}
}
