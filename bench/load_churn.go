package main

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// connections makes connections to a listener of its own.
type connections struct {
	listener int
	target   unix.RawSockaddrInet4
}

func openConnections() (*connections, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	c := &connections{listener: fd}
	const backlog = 16
	err = errors.Join(
		unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}),
		unix.Listen(fd, backlog),
		patient(fd),
	)
	var name unix.Sockaddr
	if err == nil {
		name, err = unix.Getsockname(fd)
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("listener: %w", err)
	}
	c.target = loopback(uint16(name.(*unix.SockaddrInet4).Port))
	return c, nil
}

func (c *connections) close() { unix.Close(c.listener) }

// pair makes a connection and returns both ends.
func (c *connections) pair() (client, server int, err error) {
	client, errno := socket(0)
	if errno != 0 {
		return 0, 0, fmt.Errorf("socket: %w", errno)
	}
	if errno := connect(client, &c.target); errno != 0 {
		closeRaw(client)
		return 0, 0, fmt.Errorf("connect: %w", errno)
	}
	server, errno = accept(c.listener)
	if errno != 0 {
		closeRaw(client)
		return 0, 0, fmt.Errorf("accept: %w", errno)
	}
	return client, server, nil
}

// churning is short connections without a RST, both ends on this host.
type churning struct {
	*connections
	buffer [64]byte
}

func openChurn() (worker, error) {
	c, err := openConnections()
	return &churning{connections: c}, err
}

func (c *churning) operate() error {
	client, server, err := c.pair()
	if err != nil {
		return err
	}
	defer closeRaw(client)
	message := c.buffer[:]
	transferred := write(client, message) == len(message) && read(server, message) == len(message)
	shutdownWrite(client)
	ended := read(server, message) == 0
	closeRaw(server)
	if !transferred || !ended || read(client, message) != 0 {
		return errors.New("a connection did not carry its message")
	}
	return nil
}

// aborted is connections that one end aborts: both resets have a full socket.
type aborted struct{ *connections }

func openAborted() (worker, error) {
	c, err := openConnections()
	return &aborted{connections: c}, err
}

func (a *aborted) operate() error {
	client, server, err := a.pair()
	if err != nil {
		return err
	}
	defer closeRaw(server)
	lingerZero(client)
	closeRaw(client)
	const attempts = 1000
	for range attempts {
		if errno := pendingError(server); errno == unix.ECONNRESET {
			return nil
		}
		waitFor(server, unix.POLLIN)
	}
	return errors.New("an abort did not arrive")
}
