package firewall

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// unread returns the errors among the answers that Flush left. Flush counts
// answers, one for each message. Linux 6.16 gives two to a rule whose expression
// it lacks: it accepts the rule, and then refuses it.
//
// It does not wait: netlink answers a message while it takes it.
func unread(answers *netlink.Conn) error {
	raw, err := answers.SyscallConn()
	if err != nil {
		return err
	}
	var refused error
	failed := raw.Read(func(fd uintptr) bool {
		refused = receiveAll(int(fd))
		return true
	})
	return errors.Join(failed, refused)
}

func receiveAll(fd int) (refused error) {
	buf := make([]byte, 1<<16)
	for {
		n, _, err := unix.Recvfrom(fd, buf, unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return refused
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return errors.Join(refused, err)
		}
		refused = errors.Join(refused, refusal(buf[:n]))
	}
}

// refusal is the error in a datagram of netlink messages. An acknowledgement is
// an error with the number 0.
func refusal(datagram []byte) (refused error) {
	messages, err := syscall.ParseNetlinkMessage(datagram)
	if err != nil {
		return fmt.Errorf("an answer that is no netlink message: %w", err)
	}
	for _, m := range messages {
		if m.Header.Type != unix.NLMSG_ERROR || len(m.Data) < 4 {
			continue
		}
		if code := int32(binary.NativeEndian.Uint32(m.Data)); code != 0 {
			refused = errors.Join(refused, unix.Errno(-code))
		}
	}
	return refused
}
