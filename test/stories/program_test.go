package stories

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/test/output"
)

// programsVariable names a folder with unpacked Debian packages.
const programsVariable = "RSTTRACE_PROGRAMS"

// withoutRoot: no story will be played. "make quick" sets the variable.
var withoutRoot = os.Geteuid() != 0 || os.Getenv("RSTTRACE_TEST_WITHOUT_ROOT") != ""

// ours is where TestMain builds rsttrace and what is below programs/.
var ours string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	if withoutRoot {
		return m.Run()
	}
	var err error
	if ours, err = os.MkdirTemp("", "rsttrace-stories"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(ours)
	build := exec.Command("go", "build", "-o", ours, "./programs/...", "../../cmd/rsttrace")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, output)
		return 1
	}
	return m.Run()
}

// find looks a program up: ours, an unpacked one, one of this machine.
func find(name string) (string, error) {
	folders := []string{ours}
	if tree := os.Getenv(programsVariable); tree != "" {
		folders = append(folders, filepath.Join(tree, "usr/sbin"), filepath.Join(tree, "usr/bin"))
	}
	for _, root := range []string{os.Getenv(programsVariable), "/"} {
		postgres, _ := filepath.Glob(filepath.Join(root, "usr/lib/postgresql/*/bin")) // the pattern is right
		folders = append(folders, postgres...)
	}
	folders = append(folders, filepath.SplitList(os.Getenv("PATH"))...)
	folders = append(folders, "/usr/sbin", "/sbin") // which users may not have in PATH
	for _, folder := range folders {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("no program %s", name)
}

// libraries are the folders of shared libraries in the unpacked packages.
func libraries() string {
	tree := os.Getenv(programsVariable)
	if tree == "" {
		return ""
	}
	var folders []string
	for _, pattern := range []string{"usr/lib/*-linux-gnu", "lib/*-linux-gnu", "usr/lib/*-linux-gnu/blas", "usr/lib/*-linux-gnu/lapack"} {
		found, _ := filepath.Glob(filepath.Join(tree, pattern)) // the pattern is right
		folders = append(folders, found...)
	}
	return strings.Join(folders, ":")
}

// program is a running program.
type program struct {
	story  *story
	name   string
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	output output.Text // stdout and stderr
	ended  chan struct{}
}

func (p *program) String() string { return fmt.Sprintf("%s[%d]", p.name, p.pid()) }

func (p *program) pid() int { return p.cmd.Process.Pid }

// start runs a program on a host. Its standard input stays open, and empty
// until something is written to p.stdin.
func (h *host) start(name string, args ...string) *program {
	h.story.Helper()
	return h.startWith(&syscall.SysProcAttr{}, name, args...)
}

// startMaster runs a program that forks workers. They live in a pid namespace
// of their own, so that none outlives it.
func (h *host) startMaster(name string, args ...string) *program {
	h.story.Helper()
	return h.startWith(&syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID}, name, args...)
}

func (h *host) startWith(attributes *syscall.SysProcAttr, name string, args ...string) *program {
	s := h.story
	s.Helper()
	path, err := find(name)
	s.must(err)
	p := &program{story: s, name: name, cmd: exec.Command(path, args...), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+libraries(), "LC_ALL=C.UTF-8")
	p.cmd.Dir = s.TempDir()
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	attributes.Pdeathsig = unix.SIGKILL
	p.cmd.SysProcAttr = attributes
	p.stdin, err = p.cmd.StdinPipe()
	s.must(err)
	s.must(h.ns.Do(p.cmd.Start))
	h.programs = append(h.programs, p)
	go func() {
		_ = p.cmd.Wait() // how it ended is in ProcessState
		close(p.ended)
	}()
	s.Cleanup(func() {
		_ = p.cmd.Process.Signal(unix.SIGCONT)
		_ = p.cmd.Process.Kill()
		<-p.ended
	})
	return p
}

// wait returns the exit code, or minus the signal that ended the program.
func (p *program) wait() int {
	p.story.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.story.Fatalf("%s has not ended after %s\n%s", p, patience, p.story.said())
	}
	if status := p.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		return -int(status.Signal())
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *program) write(text string) {
	p.story.Helper()
	_, err := io.WriteString(p.stdin, text)
	p.story.must(err)
}

func (p *program) signal(signal syscall.Signal) {
	p.story.Helper()
	p.story.must(p.cmd.Process.Signal(signal))
}

// stop halts a process with SIGSTOP, in the place of whatever keeps it busy.
func stop(s *story, pid int) {
	s.Helper()
	s.must(unix.Kill(pid, unix.SIGSTOP))
	s.await(fmt.Sprintf("process %d stops", pid), func() bool {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		_, rest, _ := strings.Cut(string(text), ") ")
		return err == nil && strings.HasPrefix(rest, "T")
	})
}

func resume(s *story, pid int) {
	s.Helper()
	s.must(unix.Kill(pid, unix.SIGCONT))
}

// comm is the name that the kernel has of a process.
func comm(s *story, pid int) string {
	s.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	s.must(err)
	return strings.TrimSpace(string(text))
}

// worker returns the only child of a process.
func (p *program) worker() int {
	p.story.Helper()
	var worker int
	p.story.await(p.name+" forks one worker", func() bool {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%[1]d/task/%[1]d/children", p.pid()))
		children := strings.Fields(string(text))
		if err != nil || len(children) != 1 {
			return false
		}
		worker, err = strconv.Atoi(children[0])
		return err == nil
	})
	return worker
}

// says awaits a line, which the page must show too.
func (p *program) says(text string) {
	p.story.Helper()
	p.story.await(p.name+" says "+text, func() bool { return strings.Contains(p.output.String(), text) })
	p.story.onPage(text)
}

// file writes a file for a program and returns its path.
func (s *story) file(name, text string) string {
	s.Helper()
	path := filepath.Join(s.TempDir(), name)
	s.must(os.WriteFile(path, []byte(text), 0o644))
	return path
}
