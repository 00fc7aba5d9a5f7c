package tracing

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/lab"
)

// strangerVariable makes this test program a process in a namespace of its own
// that resets connections on command.
const strangerVariable = "RSTTRACE_TEST_STRANGER"

// StrangerVariable is the same for the tests from outside of the package.
const StrangerVariable = strangerVariable

func TestMain(m *testing.M) {
	if lab.ActorMain() {
		return
	}
	if os.Getenv(strangerVariable) != "" {
		if err := obey(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if how := os.Getenv(crowdVariable); how != "" {
		if err := joinCrowd(how); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if how := os.Getenv(bystanderVariable); how != "" {
		fmt.Fprintln(os.Stderr, lookOn(how))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// stranger is a process in a network namespace of its own.
type stranger struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	inode uint32
}

func newStranger(t *testing.T) *stranger {
	t.Helper()
	s := &stranger{cmd: exec.Command("/proc/self/exe")}
	s.cmd.Env = append(os.Environ(), strangerVariable+"=1")
	s.cmd.Stderr = os.Stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	in, err := s.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.in, s.out = in, bufio.NewReader(out)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.leave(t) })
	s.do(t, "refuse", 1) // it is ready
	s.inode = ownNamespace(t, s.cmd.Process.Pid)
	return s
}

func ownNamespace(t *testing.T, pid int) uint32 {
	t.Helper()
	var stat unix.Stat_t
	if err := unix.Stat(fmt.Sprintf("/proc/%d/ns/net", pid), &stat); err != nil {
		t.Fatal(err)
	}
	return uint32(stat.Ino)
}

func (s *stranger) do(t *testing.T, what string, times int) {
	t.Helper()
	fmt.Fprintln(s.in, what, times)
	if answer, err := s.out.ReadString('\n'); err != nil || answer != "done\n" {
		t.Fatalf("%s: %q, %v", what, answer, err)
	}
}

// leave ends the process and, with it, its namespace.
func (s *stranger) leave(t *testing.T) {
	if s.cmd.ProcessState != nil {
		return
	}
	s.in.Close()
	if err := s.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// obey is the stranger's side.
func obey(in io.Reader, out io.Writer) error {
	if err := loopbackUp(); err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var what string
		var times int
		if _, err := fmt.Sscan(lines.Text(), &what, &times); err != nil {
			return err
		}
		if err := act(what, times); err != nil {
			return err
		}
		fmt.Fprintln(out, "done")
	}
	return nil
}

// act refuses or lingers so many times, or refuses for so many milliseconds.
func act(what string, times int) (err error) {
	end := time.Now().Add(time.Duration(times) * time.Millisecond)
	for i := 0; err == nil; i++ {
		switch {
		case what == "storm" && time.Now().After(end), what != "storm" && i == times:
			return nil
		case what == "linger":
			err = linger()
		default:
			err = refuse()
		}
	}
	return err
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}

func refuse() error {
	c, err := net.Dial("tcp4", "127.0.0.1:1")
	if err == nil {
		c.Close()
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("connect to a closed port: %w", err)
	}
	return nil
}

// linger closes a connection with SO_LINGER {1,0}, and waits for the RST.
func linger() error {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	client, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		return err
	}
	defer client.Close()
	server, err := listener.Accept()
	if err != nil {
		return err
	}
	err = errors.Join(server.(*net.TCPConn).SetLinger(0), server.Close())
	if _, read := client.Read(make([]byte, 1)); !errors.Is(read, unix.ECONNRESET) {
		err = errors.Join(err, fmt.Errorf("read after the peer's abort: %w", read))
	}
	return err
}
