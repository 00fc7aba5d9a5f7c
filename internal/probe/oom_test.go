package probe

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	oomGroup  = "RSTTRACE_TEST_OOM_GROUP" // in the environment of the victim: its control group
	oomMemory = 96 << 20
)

// TestOOMVictim is no test: it is the process that TestOOMKill has killed.
func TestOOMVictim(t *testing.T) {
	group := os.Getenv(oomGroup)
	if group == "" {
		t.Skip("only as a process of TestOOMKill")
	}
	if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte("0"), 0); err != nil {
		t.Fatal(err)
	}
	var taken [][]byte
	for range 2 * oomMemory >> 20 {
		part := make([]byte, 1<<20)
		for i := 0; i < len(part); i += 4096 {
			part[i] = 1
		}
		taken = append(taken, part)
	}
	t.Fatalf("%d MiB fit into a group that has fewer", len(taken))
}

// memoryGroup makes a control group that has little memory, of version 1 or 2.
func memoryGroup(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("rsttrace-oom-%d", os.Getpid())
	limit := fmt.Appendf(nil, "%d", oomMemory)
	for root, file := range map[string]string{"/sys/fs/cgroup": "memory.max", "/sys/fs/cgroup/memory": "memory.limit_in_bytes"} {
		if _, err := os.Stat(filepath.Join(root, "cgroup.procs")); err != nil {
			continue
		}
		_ = os.WriteFile(filepath.Join(root, "cgroup.subtree_control"), []byte("+memory"), 0) // only version 2 has it
		group := filepath.Join(root, name)
		if err := os.Mkdir(group, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Remove(group) })
		if os.WriteFile(filepath.Join(group, file), limit, 0) == nil {
			_ = os.WriteFile(filepath.Join(group, "memory.swap.max"), []byte("0"), 0)
			return group
		}
	}
	t.Skip("no control group can have a limit of its memory here")
	return ""
}

// TestOOMKill: the kernel kills a process because memory has run out, and its end resets
// its connections.
func TestOOMKill(t *testing.T) {
	for _, method := range event.Methods {
		t.Run(string(method), func(t *testing.T) { oomKillBy(t, method) })
	}
}

func oomKillBy(t *testing.T, method event.Method) {
	namespace := newNamespace(t)
	group := memoryGroup(t)
	s, err := Open(Options{Attach: method, Selection: Selection{Netns: []uint32{namespace.Inode()}}})
	if errors.Is(err, ErrExhausted) {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
	defer s.Close()
	victim := killByMemory(t, namespace, group)
	found := 0
	for _, e := range readAll(t, s) {
		p := &e.Kernel.Current
		if e.Evidence.Hook != event.HookSendActive || int(p.PID) != victim {
			continue
		}
		found++
		if !p.Exiting || syscall.Signal(p.ExitStatus&0x7f) != unix.SIGKILL || p.KilledBy != (event.Killer{Kernel: true, OOM: true}) {
			t.Errorf("the owner: %+v; memory had run out, and SIGKILL ended it", *p)
		}
	}
	if found != 1 {
		t.Errorf("%d resets by the end of process %d, want one", found, victim)
	}
}

// killByMemory gives a connection with unread data to a process, and returns its number
// when it was killed.
func killByMemory(t *testing.T, namespace *netns.Namespace, group string) int {
	t.Helper()
	client, server := unreadConnection(t, namespace)
	defer unix.Close(client)
	socket := os.NewFile(uintptr(server), "connection")
	defer socket.Close()
	victim := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOOMVictim$")
	victim.Env = append(os.Environ(), oomGroup+"="+group, "GOGC=off")
	victim.ExtraFiles = []*os.File{socket}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	socket.Close()
	err := victim.Wait()
	status, ok := victim.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || status.Signal() != unix.SIGKILL {
		t.Fatalf("the victim ended otherwise: %v", err)
	}
	return victim.Process.Pid
}

// unreadConnection makes a connection over loopback. Data waits to be read at the server.
func unreadConnection(t *testing.T, namespace *netns.Namespace) (client, server int) {
	t.Helper()
	err := namespace.Do(func() error {
		listener, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(listener)
		at := &unix.SockaddrInet4{Port: 7082, Addr: [4]byte{127, 0, 0, 1}}
		client, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err := errors.Join(err, unix.Bind(listener, at), unix.Listen(listener, 1), unix.Connect(client, at)); err != nil {
			return err
		}
		server, _, err = unix.Accept4(listener, unix.SOCK_CLOEXEC)
		_, writeErr := unix.Write(client, []byte("hello"))
		return errors.Join(err, writeErr)
	})
	if err != nil {
		t.Fatal(err)
	}
	return client, server
}
