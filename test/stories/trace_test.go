package stories

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/test/output"
)

// trace is rsttrace at work: once for machines, and once for people where the
// page is written.
type trace struct {
	json, text *tracer
}

// tracer is a running rsttrace.
type tracer struct {
	story          *story
	cmd            *exec.Cmd
	output, errors output.Text
	ended          chan struct{}
}

// watch starts rsttrace and returns when it sees everything.
func (s *story) watch() {
	s.Helper()
	s.trace = &trace{json: s.rsttrace("-o", "json")}
	if *writePage {
		s.trace.text = s.rsttraceOnTerminal()
	}
	for _, h := range s.hosts {
		h.sentAt = h.outRsts()
	}
}

// addresses is the option that shows the story's own resets and no others.
func (s *story) addresses() string {
	var prefixes []string
	for _, network := range networks[:s.wires] {
		prefixes = append(prefixes, network+".0/24")
	}
	return strings.Join(prefixes, ",")
}

func (s *story) rsttrace(args ...string) *tracer {
	s.Helper()
	t := &tracer{story: s, ended: make(chan struct{})}
	t.cmd = exec.Command(filepath.Join(ours, "rsttrace"), append(args, "--host", s.addresses())...)
	t.cmd.Stdout, t.cmd.Stderr = &t.output, &t.errors
	t.start()
	return t
}

// start returns when everything is attached.
func (t *tracer) start() {
	s := t.story
	s.Helper()
	ready := filepath.Join(s.TempDir(), "ready")
	t.cmd.Args = append(t.cmd.Args, "--ready-file", ready)
	s.must(t.cmd.Start())
	go func() {
		_ = t.cmd.Wait() // how it ended is in ProcessState
		close(t.ended)
	}()
	s.Cleanup(func() {
		_ = t.cmd.Process.Kill()
		<-t.ended
	})
	s.await("rsttrace attaches", func() bool {
		text, err := os.ReadFile(ready)
		return err == nil && len(text) > 0
	})
}

// end lets it print what it has and its totals.
func (t *tracer) end() {
	t.story.Helper()
	t.story.must(t.cmd.Process.Signal(unix.SIGINT))
	select {
	case <-t.ended:
	case <-time.After(patience):
		t.story.Fatalf("rsttrace does not end\n%s", t.story.said())
	}
	if code := t.cmd.ProcessState.ExitCode(); code != 0 {
		t.story.Fatalf("rsttrace: exit code %d: %s", code, t.errors.String())
	}
}
