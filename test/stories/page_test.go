package stories

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

var writePage = flag.Bool("write", false, "write what rsttrace shows into the page")

const page = "../../docs/stories.md"

// A block of the page is between two of these lines.
func marks(block string) (begin, end string) {
	return fmt.Sprintf("<!-- %s -->\n```\n", block), "```\n"
}

func (s *story) page() string {
	s.Helper()
	text, err := os.ReadFile(page)
	s.must(err)
	return string(text)
}

// block returns a block of the page, and what is before and after it.
func (s *story) block(name string) (before, text, after string) {
	s.Helper()
	begin, end := marks(name)
	before, rest, found := strings.Cut(s.page(), begin)
	text, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		s.Fatalf("%s has no block %q", page, name)
	}
	return before, text, after
}

func (s *story) writeBlock(name, text string) {
	s.Helper()
	before, _, after := s.block(name)
	begin, end := marks(name)
	s.must(os.WriteFile(page, []byte(before+begin+text+end+after), 0o644))
}

// checkBlock: the page shows these findings and no others, in the same words but for
// the numbers of that day.
func (s *story) checkBlock(name string, findings []event.Finding) {
	s.Helper()
	_, text, _ := s.block(name)
	shown := plain(text)
	for _, f := range findings {
		what := string(f.Pattern)
		if what == "" {
			what = string(f.Cause)
		}
		for _, want := range []string{what, f.Summary, f.Remedy} {
			if want == f.Remedy && f.Harmless {
				continue
			}
			if !strings.Contains(shown, plain(want)) {
				s.Errorf("the page does not have in %q, as make stories-docs would write it: %s", name, want)
			}
		}
	}
	if heads := len(findingHead.FindAllString(shown, -1)); heads != len(findings) {
		s.Errorf("the page shows %d findings in %q, and there are %d: make stories-docs", heads, name, len(findings))
	}
}

// onPage: the page quotes this.
func (s *story) onPage(text string) {
	s.Helper()
	if !strings.Contains(s.page(), text) {
		s.Errorf("%s does not quote %q", page, text)
	}
}

// findingHead is the beginning of a finding, in plain.
var findingHead = regexp.MustCompile(`N:N:N\.N #N `)

var (
	blanks = regexp.MustCompile(`\s+`)
	number = regexp.MustCompile(`[0-9]+( [0-9]{3}\b)*`)
	delay  = regexp.MustCompile(`N(\.N)? m?s\b`)
)

// plain is text without its line breaks and numbers.
func plain(text string) string {
	text = number.ReplaceAllString(blanks.ReplaceAllString(text, " "), "N")
	return delay.ReplaceAllString(text, "N ms")
}

func TestPlain(t *testing.T) {
	const text = "1 234 567 bytes of\n   nginx[99] at 192.0.2.1:80, 1.5 s earlier"
	if got, want := plain(text), "N bytes of nginx[N] at N.N.N.N:N, N ms earlier"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
