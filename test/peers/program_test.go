package peers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/test/output"
)

// patience bounds every wait; nothing here takes as long.
const patience = 2 * time.Minute

// find looks a program up: an unpacked one, or one of this machine.
func find(name string) (string, error) {
	var folders []string
	if tree := os.Getenv(programsVariable); tree != "" {
		folders = append(folders, filepath.Join(tree, "usr/sbin"), filepath.Join(tree, "usr/bin"))
	}
	for _, folder := range append(folders, filepath.SplitList(os.Getenv("PATH"))...) {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("no program %s", name)
}

// program is a running program. It is killed when its test ends.
type program struct {
	t      *testing.T
	name   string
	cmd    *exec.Cmd
	output output.Text // stdout and stderr
	ended  chan struct{}
}

// start runs a program in a folder of its own.
func start(t *testing.T, name string, args ...string) *program {
	t.Helper()
	path, err := find(name)
	must(t, err)
	return startPath(t, path, args...)
}

// startWithFiles is start for a program that reads files of its package below /usr/share,
// where an unpacked package has none. The program sees those of the unpacked one there.
func startWithFiles(t *testing.T, name string, args ...string) *program {
	t.Helper()
	tree := os.Getenv(programsVariable)
	path, err := find(name)
	must(t, err)
	if !strings.HasPrefix(path, tree) || tree == "" {
		return startPath(t, path, args...)
	}
	const script = `mount --bind "$0" /usr/share && exec "$@"`
	inside := []string{"--mount", "sh", "-c", script, filepath.Join(tree, "usr/share"), path}
	return start(t, "unshare", append(inside, args...)...)
}

func startPath(t *testing.T, path string, args ...string) *program {
	t.Helper()
	p := &program{t: t, name: filepath.Base(path), cmd: exec.Command(path, args...), ended: make(chan struct{})}
	p.cmd.Dir = t.TempDir()
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL, Setpgid: true}
	started := make(chan error)
	go func() {
		// The kernel kills it when the thread ends that has started it, and the lab ends threads.
		runtime.LockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // how it ended is in ProcessState
		}
		close(p.ended)
	}()
	must(t, <-started)
	t.Cleanup(p.end)
	return p
}

func (p *program) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// kill ends it with what it has started: a child that is left would keep its output open.
func (p *program) kill() {
	_ = unix.Kill(-p.cmd.Process.Pid, unix.SIGKILL) // an error says that it has ended
	<-p.ended
}

func (p *program) end() {
	p.kill()
	if p.t.Failed() {
		p.t.Logf("--- %s\n%s", p.name, tail(p.output.String()))
	}
}

// tail is as much of a log as a person reads.
func tail(text string) string {
	const enough = 4000
	return text[max(0, len(text)-enough):]
}

// await returns once a condition holds, and fails if the program has ended before.
func (p *program) await(what string, holds func() bool) {
	p.t.Helper()
	await(p.t, p.name+" "+what, func() bool {
		if p.hasEnded() {
			p.t.Fatalf("%s has ended: %s", p.name, p.cmd.ProcessState)
		}
		return holds()
	})
}

// await returns once a condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain: %s", patience, what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
