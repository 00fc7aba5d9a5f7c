package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// commandVariable makes this test program the command itself.
const commandVariable = "RSTTRACE_TEST_COMMAND"

func TestMain(m *testing.M) {
	if lab.ActorMain() {
		return
	}
	if program := os.Getenv(regainVariable); program != "" {
		regain(program)
	}
	if method := os.Getenv(laterVariable); method != "" {
		attachLater(event.Method(method))
	}
	if os.Getenv(commandVariable) != "" {
		main()
	}
	os.Exit(m.Run())
}

// withoutRoot: nothing is attached. "make quick" sets the variable.
var withoutRoot = os.Geteuid() != 0 || os.Getenv("RSTTRACE_TEST_WITHOUT_ROOT") != ""

func needRoot(t *testing.T) {
	t.Helper()
	if withoutRoot {
		t.Skip("needs root: BPF programs cannot be loaded without CAP_BPF")
	}
}

// process is a running rsttrace.
type process struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
}

func command(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command("/proc/self/exe")}
	p.Args = append([]string{"rsttrace"}, args...)
	p.Env = append(os.Environ(), commandVariable+"=1")
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	p.SysProcAttr = &syscall.SysProcAttr{}
	return p
}

// finish runs the command to its end and returns its exit code.
func (p *process) finish(t *testing.T) int {
	t.Helper()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p.wait(t)
}

// patience bounds every wait for another process. It is long: where the tests have a tenth of
// a CPU, one second becomes ten.
const patience = 3 * time.Minute

func (p *process) wait(t *testing.T) int {
	t.Helper()
	overdue := time.AfterFunc(patience, func() { _ = p.Process.Kill() })
	defer overdue.Stop()
	err := p.Cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return p.ProcessState.ExitCode()
}

// start runs the command until everything is attached.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := command(t, args...)
	p.startAndAwait(t)
	return p
}

func (p *process) startAndAwait(t *testing.T) {
	t.Helper()
	needRoot(t)
	ready := filepath.Join(openFolder(t), "ready")
	p.Args = append(p.Args, "--ready-file", ready)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.ProcessState == nil {
			_ = p.Process.Kill()
			_ = p.Cmd.Wait()
		}
	})
	awaitFile(t, p, ready)
}

// openFolder is a folder in which every user may write.
func openFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := errors.Join(os.Chmod(folder, 0o777), os.Chmod(filepath.Dir(folder), 0o755)); err != nil {
		t.Fatal(err)
	}
	return folder
}

// awaitFile waits for a ready file, which has the pid in it from the first moment.
func awaitFile(t *testing.T, p *process, ready string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if text, err := os.ReadFile(ready); err == nil {
			if want := fmt.Sprintf("%d\n", p.Process.Pid); string(text) != want {
				t.Fatalf("the ready file says %q, want the pid %q", text, want)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not ready in time; stderr: %s", &p.stderr)
		}
	}
}

var addressesTaken atomic.Uint32

// ownAddress is a loopback address that no other test uses at the same time,
// so that --host shows a test its own resets only.
func ownAddress() string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 64+pid>>8&127, pid&255, 1+addressesTaken.Add(1)%250)
}

// refuse connects to an address where nothing listens.
func refuse(t *testing.T, address string) {
	t.Helper()
	if err := dial(address); !errors.Is(err, unix.ECONNREFUSED) {
		t.Fatalf("connect to %s: %v", address, err)
	}
}

func dial(address string) error {
	connection, err := net.Dial("tcp", net.JoinHostPort(address, "1"))
	if err == nil {
		connection.Close()
	}
	return err
}

func lines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }
