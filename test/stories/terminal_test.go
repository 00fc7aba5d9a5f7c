package stories

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
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
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	s.must(err)
	s.Cleanup(func() { ours.Close() })
	fd := int(ours.Fd())
	s.must(unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	s.must(err)
	s.must(unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 1000, Col: columns}))
	theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	s.must(err)
	s.Cleanup(func() { theirs.Close() })
	return ours, theirs
}

// shown is what was on the terminal before the totals, which are of the whole
// machine.
func (t *tracer) shown() string {
	t.story.Helper()
	const totals = "\n\n#" // the findings once more, in order of what they hurt
	t.story.await("the totals are on the terminal", func() bool {
		return strings.Contains(t.output.String(), " missed")
	})
	text, _, _ := strings.Cut(strings.ReplaceAll(t.output.String(), "\r\n", "\n"), totals)
	return fmt.Sprintf("$ sudo rsttrace --host %s\n%s\n", t.story.addresses(), strings.TrimRight(text, "\n"))
}
