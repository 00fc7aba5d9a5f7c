package probe

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestMarkAndUser: both are those of the socket, whoever runs.
func TestMarkAndUser(t *testing.T) {
	const mark, user = 0x2a, 33
	namespace := newNamespace(t)
	s := openSession(t, Options{Selection: Selection{Netns: []uint32{namespace.Inode()}}})
	err := namespace.Do(func() error {
		root, _, _ := unix.RawSyscall(unix.SYS_SETFSUID, user, 0, 0)
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		_, _, _ = unix.RawSyscall(unix.SYS_SETFSUID, root, 0, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, mark); err != nil {
			return err
		}
		if err := unix.Connect(fd, &unix.SockaddrInet4{Port: 1, Addr: [4]byte{127, 0, 0, 1}}); !errors.Is(err, unix.ECONNREFUSED) {
			return errors.Join(errors.New("connect was not refused"), err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var batch Batch
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if err := s.Read(t.Context(), &batch, deadline); err != nil {
			t.Fatal(err)
		}
		for i := range batch.Resets {
			e := &batch.Resets[i]
			if e.Evidence.Hook != event.HookReceive {
				continue
			}
			if c := &e.Conn; c.Mark != mark || c.UID == nil || *c.UID != user {
				t.Errorf("connection %+v, want mark %#x and user %d", c, mark, user)
			}
			return
		}
	}
	t.Error("the refused connect was not seen")
}
