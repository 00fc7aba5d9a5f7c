package netns

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/roottest"
)

func newNamespace(t *testing.T, name string) *Namespace {
	t.Helper()
	n, err := New(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

func netnsInode(t *testing.T, path string) uint64 {
	t.Helper()
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		t.Fatal(err)
	}
	return stat.Ino
}

func TestNamespaceIsNotOurs(t *testing.T) {
	roottest.Need(t, roottest.Namespaces)
	ours := netnsInode(t, "/proc/self/ns/net")
	for range 20 { // enough to land on the main thread at some point
		n := newNamespace(t, "a")
		if uint64(n.Inode()) == ours {
			t.Fatal("the new namespace is the one we came from")
		}
		n.Close()
		if now := netnsInode(t, "/proc/self/ns/net"); now != ours {
			t.Fatalf("the process moved to namespace %d", now)
		}
	}
}

func TestConnect(t *testing.T) {
	roottest.Need(t, roottest.Namespaces)
	for _, test := range []struct{ a, b string }{
		{"10.77.0.1/24", "10.77.0.2/24"},
		{"fd77::1/64", "fd77::2/64"},
	} {
		a, b := newNamespace(t, "a"), newNamespace(t, "b")
		addrA, addrB := netip.MustParsePrefix(test.a), netip.MustParsePrefix(test.b)
		if addrA.Addr().Is6() && !HasIPv6() {
			t.Skip("this kernel has IPv6 switched off")
		}
		if err := Connect(a, b, "lab0", addrA, addrB); err != nil {
			t.Fatal(err)
		}
		if err := AwaitReachable(t.Context(), a, addrA.Addr(), b, addrB.Addr()); err != nil {
			t.Error(err)
		}
		if err := b.CutOff("lab0"); err != nil {
			t.Error(err)
		}
		if err := a.RemoveDevice("lab0"); err != nil {
			t.Error(err)
		}
		if err := b.RemoveDevice("lab0"); err == nil {
			t.Error("one end of the veth pair survived the other")
		}
	}
}

func TestSysctlStaysInside(t *testing.T) {
	roottest.Need(t, roottest.Namespaces)
	const path = "/proc/sys/net/ipv4/tcp_fin_timeout"
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := newNamespace(t, "a")
	if err := n.Sysctl("ipv4/tcp_fin_timeout", "123"); err != nil {
		t.Fatal(err)
	}
	var inside []byte
	if err := n.Do(func() (err error) { inside, err = os.ReadFile(path); return }); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(inside)); got != "123" {
		t.Errorf("inside: %s", got)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Errorf("the host's setting changed from %s to %s", before, after)
	}
}
