package netns

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/osthread"
)

// ErrUnavailable marks errors that mean: this machine (or this user) cannot
// provide what is needed. The text says what that is.
var ErrUnavailable = errors.New("not available here")

// netlinkTimeout is for an answer that got lost. The kernel answers a request
// while it takes it, so nothing waits for as long as a context might want to end.
const netlinkTimeout = time.Minute

// Namespace is a network namespace of our own.
type Namespace struct {
	name  string
	inode uint32
	self  *os.File // /proc/thread-self/ns/net of its thread
	nl    *netlink.Handle
	work  chan func()
	close sync.Once
}

// New creates an empty namespace with lo up, forwarding off and IPv6 addresses
// usable at once (no duplicate address detection). name is for people only.
func New(name string) (*Namespace, error) {
	n := &Namespace{name: name, work: make(chan func())}
	created := make(chan error)
	osthread.Throwaway(func() {
		err := n.enterNew()
		created <- err
		if err != nil {
			return
		}
		for fn := range n.work {
			fn()
		}
	})
	if err := <-created; err != nil {
		return nil, fmt.Errorf("creating network namespace %q: %w", name, err)
	}
	if err := n.prepare(); err != nil {
		n.Close()
		return nil, fmt.Errorf("preparing network namespace %q: %w", name, err)
	}
	return n, nil
}

// enterNew moves the calling thread into a new namespace.
func (n *Namespace) enterNew() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		if errors.Is(err, unix.EPERM) {
			return fmt.Errorf("unshare: %w: %w (run as root: CAP_SYS_ADMIN and CAP_NET_ADMIN are needed)", err, ErrUnavailable)
		}
		return fmt.Errorf("unshare: %w", err)
	}
	self, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	var stat unix.Stat_t
	if err := unix.Fstat(int(self.Fd()), &stat); err != nil {
		self.Close()
		return fmt.Errorf("inode of the namespace: %w", err)
	}
	nl, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		self.Close()
		return fmt.Errorf("netlink: %w", err)
	}
	if err := nl.SetSocketTimeout(netlinkTimeout); err != nil {
		self.Close()
		nl.Close()
		return fmt.Errorf("netlink: %w", err)
	}
	n.self, n.inode, n.nl = self, uint32(stat.Ino), nl
	return nil
}

// prepare undoes what a namespace may inherit from the host's settings.
func (n *Namespace) prepare() error {
	settings := map[string]string{"ipv4/ip_forward": "0"}
	if HasIPv6() {
		for _, scope := range []string{"all", "default"} {
			settings["ipv6/conf/"+scope+"/disable_ipv6"] = "0"
			settings["ipv6/conf/"+scope+"/accept_dad"] = "0"
		}
	}
	for key, value := range settings {
		if err := n.Sysctl(key, value); err != nil {
			return err
		}
	}
	return n.setUp("lo")
}

// HasIPv6 reports whether the kernel has IPv6 switched on.
func HasIPv6() bool {
	_, err := os.Stat("/proc/sys/net/ipv6/conf/default")
	return err == nil
}

// Name is what New was given.
func (n *Namespace) Name() string { return n.name }

// Inode is the number that the kernel and /proc/PID/ns/net show for it.
func (n *Namespace) Inode() uint32 { return n.inode }

// FD is a descriptor of the namespace, for setns and netlink. It stays ours.
func (n *Namespace) FD() int { return int(n.self.Fd()) }

// Do runs fn on a thread inside the namespace and returns its error. Sockets
// and processes that fn makes belong to the namespace. A process made here with
// a parent-death signal gets it when the namespace is closed, or this process
// ends. Calls run one after the other; fn must not call Do itself.
func (n *Namespace) Do(fn func() error) error {
	result := make(chan error, 1)
	n.work <- func() { result <- fn() }
	return <-result
}

// Sysctl writes a setting below /proc/sys/net, e.g. "ipv4/tcp_timestamps".
// Only settings that the kernel keeps per namespace may be written: others
// would change the host.
func (n *Namespace) Sysctl(key, value string) error {
	return n.Do(func() error {
		return os.WriteFile(filepath.Join("/proc/sys/net", key), []byte(value), 0)
	})
}

// Close lets go of the namespace. The kernel removes it, and devices in it,
// when the last process and socket inside are gone too.
func (n *Namespace) Close() {
	n.close.Do(func() {
		close(n.work)
		n.nl.Close()
		n.self.Close()
	})
}
