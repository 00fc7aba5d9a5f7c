package journal

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/sink"
)

// usual is where journald listens.
const usual = "/run/systemd/journal/socket"

// patience is how long journald may not read.
const patience = 5 * time.Second

// sender sends datagrams to journald. The socket is not connected: a journald that is
// started again is reached by the next one.
type sender struct {
	conn *net.UnixConn
	to   *net.UnixAddr
}

func (s *sender) init(path string) error {
	if path == "" {
		path = usual
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram"}) // a name of the kernel's choice
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	s.conn, s.to = conn, &net.UnixAddr{Name: path, Net: "unixgram"}
	return nil
}

// send sends an entry. One that is too large for a datagram goes as a file.
func (s *sender) send(e entry) error {
	err := s.write(e, nil)
	if errors.Is(err, unix.EMSGSIZE) {
		err = s.sendFile(e)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = errors.New("journald does not read")
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ECONNREFUSED):
		err = errors.New("journald is not there")
	case errors.Is(err, unix.ENOBUFS), errors.Is(err, unix.ENOMEM):
	default:
		return fmt.Errorf("%s: %w", s.to.Name, err)
	}
	return &sink.RetryError{Err: fmt.Errorf("%s: %w", s.to.Name, err)}
}

func (s *sender) write(datagram, rights []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, _, err := s.conn.WriteMsgUnix(datagram, rights, s.to)
	return err
}

// sendFile sends an entry as a file in memory. journald takes it only if nobody can change
// it any more.
func (s *sender) sendFile(e entry) error {
	fd, err := unix.MemfdCreate("rsttrace-journal", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return err
	}
	file := os.NewFile(uintptr(fd), "rsttrace-journal")
	defer file.Close()
	if _, err := file.Write(e); err != nil {
		return err
	}
	const seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if _, err := unix.FcntlInt(file.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return err
	}
	return s.write(nil, unix.UnixRights(fd))
}

func (s *sender) interrupt() { _ = s.conn.Close() }

// close is fine with a socket that interrupt has closed.
func (s *sender) close() error {
	if err := s.conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
