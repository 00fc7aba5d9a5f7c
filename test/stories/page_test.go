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

// checkBlock: the page shows these events and no others, in the same words but
// for the numbers of that day.
func (s *story) checkBlock(name string, events []event.Event) {
	s.Helper()
	_, text, _ := s.block(name)
	shown := plain(text)
	heads := make(map[event.Dir]int)
	for _, head := range eventHead.FindAllStringSubmatch(shown, -1) {
		heads[event.Dir(strings.ToLower(head[1]))]++
	}
	for _, e := range events {
		heads[e.Dir]--
		summary, _, _ := strings.Cut(e.Summary, "; lost: ") // the rest differs from run to run
		for _, want := range []string{string(e.Cause), summary, e.Remedy} {
			if !strings.Contains(shown, plain(want)) {
				s.Errorf("the page does not have in %q, as make stories-docs would write it: %s", name, want)
			}
		}
	}
	for dir, more := range heads {
		if more != 0 {
			s.Errorf("the page shows %+d events in %q that were %s: make stories-docs", more, name, dir)
		}
	}
}

// onPage: the page quotes this.
func (s *story) onPage(text string) {
	s.Helper()
	if !strings.Contains(s.page(), text) {
		s.Errorf("%s does not quote %q", page, text)
	}
}

// eventHead is the first line of an event, in plain.
var eventHead = regexp.MustCompile(`N:N:N\.N (SENT|RECEIVED|IGNORED) `)

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
