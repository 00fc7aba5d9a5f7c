package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// refused connects to a port where nobody listens: the kernel answers the SYN
// with a RST, all within the connect call.
type refused struct{ target unix.RawSockaddrInet4 }

func openRefused() (worker, error) {
	const closedPort = 1
	return &refused{target: loopback(closedPort)}, nil
}

func (r *refused) operate() error {
	fd, errno := socket(unix.SOCK_NONBLOCK)
	if errno != 0 {
		return fmt.Errorf("socket: %w", errno)
	}
	defer closeRaw(fd)
	if errno := connect(fd, &r.target); errno != unix.EINPROGRESS && errno != unix.ECONNREFUSED {
		return fmt.Errorf("connect to a closed port: %w", errno)
	} else if errno == unix.ECONNREFUSED {
		return nil
	}
	const attempts = 1000
	for range attempts {
		switch errno := pendingError(fd); errno {
		case unix.ECONNREFUSED:
			return nil
		case 0: // the kernel left the packet to another thread
			waitFor(fd, unix.POLLOUT)
		default:
			return fmt.Errorf("connect to a closed port: %w", errno)
		}
	}
	return fmt.Errorf("connect to a closed port: no answer")
}

func (r *refused) close() {}
