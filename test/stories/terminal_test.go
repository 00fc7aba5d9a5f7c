package stories

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rsttrace/rsttrace/internal/pty"
)

// columns of the terminal on which the page's output was written.
const columns = 100

// rsttraceOnTerminal runs it as a person does.
func (s *story) rsttraceOnTerminal() *tracer {
	s.Helper()
	t := &tracer{story: s, ended: make(chan struct{})}
	t.cmd = exec.Command(filepath.Join(ours, "rsttrace"), "--host", s.addresses())
	t.cmd.Env = append(os.Environ(), "NO_COLOR=1", "LC_ALL=C.UTF-8")
	ours, theirs := s.terminal()
	t.cmd.Stdout, t.cmd.Stderr = theirs, &t.errors
	go func() { _, _ = io.Copy(&t.output, ours) }() // ends with an error when the other end is closed
	t.start()
	return t
}

// terminal opens a pseudo-terminal.
func (s *story) terminal() (ours, theirs *os.File) {
	s.Helper()
	theirs, ours, err := pty.Open(columns, 1000)
	s.must(err)
	s.Cleanup(func() { ours.Close() })
	s.Cleanup(func() { theirs.Close() })
	return ours, theirs
}

// shown is what was on the terminal before the totals, which are of the whole
// machine.
func (t *tracer) shown() string {
	t.story.Helper()
	const totals = "\n\n#" // the findings once more, in order of what they hurt
	text, _, _ := strings.Cut(t.screen(), totals)
	return t.command() + strings.TrimRight(text, "\n") + "\n"
}

// shownWithTotals has the findings once more, with their numbers at the end.
func (t *tracer) shownWithTotals() string {
	t.story.Helper()
	const counts = "\n\nDIRECTION" // of the whole machine
	text, _, _ := strings.Cut(t.screen(), counts)
	return t.command() + strings.TrimRight(text, "\n") + "\n"
}

func (t *tracer) command() string {
	return fmt.Sprintf("$ sudo rsttrace --host %s\n", t.story.addresses())
}

// screen is all that was on the terminal.
func (t *tracer) screen() string {
	t.story.Helper()
	t.story.await("the totals are on the terminal", func() bool {
		return strings.Contains(t.output.String(), " missed")
	})
	return strings.ReplaceAll(t.output.String(), "\r\n", "\n")
}
