package main

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// established is one connection over which everything goes.
type established struct {
	client, server int
	buffer         []byte
}

func openEstablished(size int) (*established, error) {
	c, err := openConnections()
	if err != nil {
		return nil, err
	}
	defer c.close()
	client, server, err := c.pair()
	if err != nil {
		return nil, err
	}
	e := &established{client: client, server: server, buffer: make([]byte, size)}
	if err := errors.Join(patient(client), patient(server)); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// close ends the connection without a RST.
func (e *established) close() {
	shutdownWrite(e.client)
	for read(e.server, e.buffer) > 0 { // so that nothing stays unread
	}
	closeRaw(e.server)
	read(e.client, e.buffer)
	closeRaw(e.client)
}

// requesting is small messages to and fro.
type requesting struct{ *established }

func openRequests() (worker, error) {
	const size = 100
	e, err := openEstablished(size)
	return requesting{e}, err
}

func (r requesting) operate() error {
	size := len(r.buffer)
	if write(r.client, r.buffer) != size || read(r.server, r.buffer) != size ||
		write(r.server, r.buffer) != size || read(r.client, r.buffer) != size {
		return errors.New("a request was not answered")
	}
	return nil
}

// sending is as much as goes, one way.
type sending struct{ *established }

func openBulk() (worker, error) {
	const size = 64 << 10
	e, err := openEstablished(size)
	if err != nil {
		return nil, err
	}
	// A whole block fits, so that one thread can serve both ends.
	for fd, option := range map[int]int{e.client: unix.SO_SNDBUFFORCE, e.server: unix.SO_RCVBUFFORCE} {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, 16*size); err != nil {
			e.close()
			return nil, fmt.Errorf("buffer size: %w", err)
		}
	}
	return sending{e}, nil
}

func (s sending) operate() error {
	if write(s.client, s.buffer) != len(s.buffer) {
		return errors.New("a block was not sent whole")
	}
	for got := 0; got < len(s.buffer); {
		n := read(s.server, s.buffer)
		if n <= 0 {
			return errors.New("a block did not arrive")
		}
		got += n
	}
	return nil
}
