package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/test/peers/fleetplay"
)

// patience bounds every wait: emulated machines are slow.
const patience = time.Minute

// actor plays all roles of this machine.
type actor struct {
	options *options
	machine *machine
	host    *host
	taking  errgroup.Group

	mutex sync.Mutex
	left  []net.Conn // connections that stay open
}

// leave keeps a connection open until the program ends.
func (a *actor) leave(conn net.Conn) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.left = append(a.left, conn)
}

// meetOther waits for the other end of a connection.
func (a *actor) meetOther(play, round int) error {
	return a.host.meetOf(fmt.Sprint(fleetplay.Plays[play].Name, " ", round), 2)
}

// listen waits for the connections to the roles of this machine.
func (a *actor) listen() error {
	for i, play := range fleetplay.Plays {
		if play.Act == fleetplay.Refuse || !a.options.has(play.To) {
			continue
		}
		config := net.ListenConfig{KeepAlive: -1} // what nobody expects must not be sent
		listener, err := config.Listen(context.Background(), "tcp", play.Target(i).String())
		if err != nil {
			return err
		}
		a.taking.Go(func() error { return a.accept(listener, i) })
	}
	return nil
}

// served returns once all connections to this machine have been played.
func (a *actor) served() error { return a.taking.Wait() }

// accept takes a connection for each round.
func (a *actor) accept(listener net.Listener, play int) error {
	for range a.options.rounds {
		conn, err := listener.Accept()
		if err == nil {
			err = a.take(conn.(*net.TCPConn), play)
		}
		if err != nil {
			return fmt.Errorf("accepting %s: %w", fleetplay.Plays[play].Name, err)
		}
	}
	return nil
}

func (a *actor) take(conn *net.TCPConn, number int) error {
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	greeting := make([]byte, 1)
	_, err := io.ReadFull(conn, greeting)
	if err == nil {
		_, err = conn.Write(greeting)
	}
	if err != nil {
		return fmt.Errorf("at the beginning: %w", err)
	}
	r := fleetplay.Report{Play: number, Round: int(greeting[0]), Local: addressOf(conn.LocalAddr()), Remote: addressOf(conn.RemoteAddr())}
	if r.Got, err = a.taken(conn, number, r.Round); err != nil {
		return err
	}
	return a.host.report(r)
}

// taken does the part of the end that accepted, and returns what it gets.
func (a *actor) taken(conn *net.TCPConn, number, round int) (got string, err error) {
	play := &fleetplay.Plays[number]
	switch play.Act {
	case fleetplay.CloseInOrder:
		return readToEnd(conn), conn.Close()
	case fleetplay.DialAborts:
		if play.Silent() {
			a.leave(conn)
			return "", nil
		}
		return readToEnd(conn), conn.Close()
	case fleetplay.AcceptAborts:
		// A segment on its way would be answered by another RST.
		err := await(conn, unix.TIOCOUTQ, func(unacknowledged int) bool { return unacknowledged == 0 })
		if err != nil {
			return "", err
		}
		return "", abort(conn)
	case fleetplay.AcceptUnread:
		err := await(conn, unix.TIOCINQ, func(unread int) bool { return unread > 0 })
		if err != nil {
			return "", err
		}
		return "", conn.Close()
	case fleetplay.ForgeToDial: // this end does not know of it
		if err := a.meetOther(number, round); err != nil {
			return "", err
		}
		return "", conn.Close()
	case fleetplay.ForgeToTake:
		got = readToEnd(conn)
		if err := conn.Close(); err != nil {
			return got, err
		}
		return got, a.meetOther(number, round)
	}
	return "", fmt.Errorf("nobody can connect there")
}

// abort closes with SO_LINGER {1,0}.
func abort(conn *net.TCPConn) error {
	if err := conn.SetLinger(0); err != nil {
		return err
	}
	return conn.Close()
}

// await returns once a number of a socket is right.
func await(conn *net.TCPConn, number uint, right func(int) bool) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var bytes int
		var failed error
		if err := raw.Control(func(fd uintptr) { bytes, failed = unix.IoctlGetInt(int(fd), number) }); err != nil {
			return err
		}
		if failed != nil || right(bytes) {
			return failed
		}
	}
	return errors.New("the other end does not go on")
}

func addressOf(a net.Addr) netip.AddrPort {
	address := a.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(address.Addr().Unmap(), address.Port())
}

// errnoOf is the errno of an error, if it has one.
func errnoOf(err error) (errno syscall.Errno, ok bool) {
	ok = errors.As(err, &errno)
	return errno, ok
}
