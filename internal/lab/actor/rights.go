package actor

import (
	"errors"

	"golang.org/x/sys/unix"
)

func socketPair(Request) (Reply, error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return Reply{}, err
	}
	return Reply{FDs: ends[:]}, nil
}

// pass sends descriptors; the message refers to them until it is received.
func pass(via int, fds []int) error {
	return unix.Sendmsg(via, []byte{0}, unix.UnixRights(fds...), nil, 0)
}

func receive(r Request) (Reply, error) {
	const most = 4
	var reply Reply
	control := make([]byte, unix.CmsgSpace(4*most))
	_, err := retry(func() (n int, err error) {
		n, controlBytes, _, _, err := unix.Recvmsg(r.FD, make([]byte, 1), control, unix.MSG_CMSG_CLOEXEC)
		control = control[:max(controlBytes, 0)]
		return n, err
	})
	if err != nil {
		return reply, err
	}
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return reply, err
	}
	if len(messages) != 1 {
		return reply, errors.New("a message without descriptors")
	}
	reply.FDs, err = unix.ParseUnixRights(&messages[0])
	return reply, err
}
