package netns

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

const (
	reachTimeout  = time.Minute // emulated machines are slow
	probeInterval = 2           // milliseconds
)

// AwaitReachable returns when packets pass between two addresses both ways. The
// kernel starts the queues of a new device in the background and drops what is
// sent before, so the only certain sign is a packet that came through. UDP, so
// that no TCP counter moves.
func AwaitReachable(ctx context.Context, a *Namespace, addrA netip.Addr, b *Namespace, addrB netip.Addr) error {
	there, err := a.udpSocket(addrA)
	if err != nil {
		return err
	}
	defer unix.Close(there)
	here, err := b.udpSocket(addrB)
	if err != nil {
		return err
	}
	defer unix.Close(here)
	if err := passes(ctx, there, here); err != nil {
		return fmt.Errorf("%s to %s: %w", addrA, addrB, err)
	}
	if err := passes(ctx, here, there); err != nil {
		return fmt.Errorf("%s to %s: %w", addrB, addrA, err)
	}
	return nil
}

// udpSocket makes a socket inside the namespace, bound to a free port.
func (n *Namespace) udpSocket(addr netip.Addr) (fd int, err error) {
	err = n.Do(func() error {
		family := unix.AF_INET
		if addr.Is6() {
			family = unix.AF_INET6
		}
		fd, err = unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return fmt.Errorf("udp socket: %w", err)
		}
		if err := unix.Bind(fd, sockaddr(netip.AddrPortFrom(addr, 0))); err != nil {
			unix.Close(fd)
			return fmt.Errorf("binding udp to %s in %s: %w", addr, n.name, err)
		}
		return nil
	})
	return fd, err
}

// passes sends from one socket to the other until something arrives.
func passes(ctx context.Context, from, to int) error {
	target, err := unix.Getsockname(to)
	if err != nil {
		return fmt.Errorf("getsockname: %w", err)
	}
	var lastErr error
	var buf [1]byte
	for deadline := time.Now().Add(reachTimeout); time.Now().Before(deadline); {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("waiting for a packet: %w", err)
		}
		if err := unix.Sendto(from, buf[:], 0, target); err != nil {
			lastErr = err // no route yet, most likely
		}
		if _, err := unix.Poll([]unix.PollFd{{Fd: int32(to), Events: unix.POLLIN}}, probeInterval); err != nil && err != unix.EINTR {
			return fmt.Errorf("poll: %w", err)
		}
		if _, _, err := unix.Recvfrom(to, buf[:], 0); err == nil {
			return nil
		}
	}
	if lastErr != nil {
		return fmt.Errorf("no packet came through: %w", lastErr)
	}
	return fmt.Errorf("no packet came through in %s", reachTimeout)
}

func sockaddr(ap netip.AddrPort) unix.Sockaddr {
	if ap.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(ap.Port()), Addr: ap.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(ap.Port()), Addr: ap.Addr().As16()}
}
