package probe

import (
	"errors"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
)

func listenAt(t *testing.T, namespace *netns.Namespace, at unix.Sockaddr) (fd int) {
	t.Helper()
	family := unix.AF_INET
	if _, ok := at.(*unix.SockaddrInet6); ok {
		family = unix.AF_INET6
	}
	err := namespace.Do(func() (err error) {
		if fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		return errors.Join(unix.Bind(fd, at), unix.Listen(fd, 1))
	})
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

// TestListeners: those of another namespace are known, older ones and younger ones, and
// only as long as they listen.
func TestListeners(t *testing.T) {
	namespace := newNamespace(t)
	older := listenAt(t, namespace, &unix.SockaddrInet4{Port: 7090, Addr: [4]byte{127, 0, 0, 2}})
	defer unix.Close(older)
	s := openSession(t, Options{})
	younger := listenAt(t, namespace, &unix.SockaddrInet6{Port: 7091, Addr: [16]byte{15: 1}})
	want := map[netip.AddrPort]bool{netip.MustParseAddrPort("127.0.0.2:7090"): true, netip.MustParseAddrPort("[::1]:7091"): true}
	check := func(when string) {
		t.Helper()
		found, err := s.Listeners()
		if err != nil {
			t.Fatal(err)
		}
		got := make(map[netip.AddrPort]bool)
		for _, l := range found {
			if l.Netns == namespace.Inode() {
				got[l.At] = true
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
		for at := range want {
			if !got[at] {
				t.Errorf("%s: %s is missing of %v", when, at, got)
			}
		}
	}
	check("both listen")
	unix.Close(younger)
	delete(want, netip.MustParseAddrPort("[::1]:7091"))
	check("one is closed")
}
