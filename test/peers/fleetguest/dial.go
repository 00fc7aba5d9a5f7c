package main

import (
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/test/peers/fleetplay"
)

// play plays what begins with a role, in all rounds. The server waits for the client: where two
// tasks abort at once, one preempts the other, and the kernel skips the probe of one of them.
func (a *actor) play(role fleetplay.Role) error {
	if role == fleetplay.Router {
		return nil
	}
	if role == fleetplay.Server {
		if err := a.host.meetOf(clientIsDone, 2); err != nil {
			return err
		}
	}
	if err := a.rounds(role); err != nil || role == fleetplay.Server {
		return err
	}
	return a.host.meetOf(clientIsDone, 2)
}

// clientIsDone is where the server waits for the client.
const clientIsDone = "the client has played"

func (a *actor) rounds(role fleetplay.Role) error {
	for round := range a.options.rounds {
		for i, play := range fleetplay.Plays {
			if play.From != role {
				continue
			}
			if err := a.dial(i, round); err != nil {
				return fmt.Errorf("round %d of %s: %w", round, play.Name, err)
			}
		}
	}
	return nil
}

// dial connects, and does what is this end's part.
func (a *actor) dial(number, round int) error {
	play := &fleetplay.Plays[number]
	target := play.Target(number)
	r := fleetplay.Report{Play: number, Round: round, Dialed: true, Local: play.Source(number, round), Remote: target}
	var conn *net.TCPConn
	began := time.Now()
	err := a.machine.as(play.From, func() error {
		dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(r.Local), KeepAlive: -1, Timeout: patience}
		c, err := dialer.Dial("tcp", target.String())
		if err == nil {
			conn = c.(*net.TCPConn)
		}
		return err
	})
	r.Took = time.Since(began)
	if err != nil {
		r.Got = nameOf(err)
		return a.host.report(r)
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	greeting := []byte{byte(round)}
	if _, err = conn.Write(greeting); err == nil {
		_, err = io.ReadFull(conn, greeting)
	}
	if err == nil {
		err = acknowledge(conn)
	}
	if err != nil {
		return fmt.Errorf("at the beginning: %w", err)
	}
	if r.Got, err = a.dialed(conn, play, number, round); err != nil {
		return err
	}
	return a.host.report(r)
}

// acknowledge has the kernel acknowledge what was read. It would wait a little, and the other
// end would repeat it if this end is gone by then.
func acknowledge(conn *net.TCPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
	}); err != nil {
		return err
	}
	return failed
}

// dialed does the part of the end that connected, and returns what it gets.
func (a *actor) dialed(conn *net.TCPConn, play *fleetplay.Play, number, round int) (got string, err error) {
	switch play.Act {
	case fleetplay.CloseInOrder:
		return "", conn.Close()
	case fleetplay.DialAborts:
		return "", abort(conn)
	case fleetplay.AcceptUnread:
		if _, err := conn.Write([]byte("nobody reads this")); err != nil {
			return "", err
		}
		return readToEnd(conn), conn.Close()
	case fleetplay.AcceptAborts:
		if play.Silent() {
			a.leave(conn)
			return "", nil
		}
		return readToEnd(conn), conn.Close()
	case fleetplay.ForgeToDial:
		got = readToEnd(conn)
		if err := a.meetOther(number, round); err != nil {
			return got, err
		}
		return got, conn.Close()
	case fleetplay.ForgeToTake:
		if err := a.meetOther(number, round); err != nil {
			return "", err
		}
		if _, err := conn.Write([]byte("is somebody there?")); err != nil {
			return "", err
		}
		return readToEnd(conn), conn.Close()
	}
	return "", fmt.Errorf("connected, and should have been refused")
}

// readToEnd reads until a connection ends, and says how.
func readToEnd(conn net.Conn) string {
	_, err := io.Copy(io.Discard, conn)
	if err == nil {
		return "EOF"
	}
	return nameOf(err)
}

// nameOf is the name of an errno, as programs get it.
func nameOf(err error) string {
	if errno, ok := errnoOf(err); ok {
		return unix.ErrnoName(errno)
	}
	return err.Error()
}
