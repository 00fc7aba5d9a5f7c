package sockdiag

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

const (
	sockDestroy = 21 // SOCK_DESTROY of linux/sock_diag.h

	requestBytes = unix.NLMSG_HDRLEN + 56 // struct inet_diag_req_v2
	noCookie     = 0xffffffff             // INET_DIAG_NOCOOKIE: whichever socket it is
)

// Destroy ends the socket with these ends. For a listener peer is the zero
// address and port. The kernel's refusal is a unix.Errno.
func Destroy(local, peer netip.AddrPort) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return fmt.Errorf("sock_diag: socket: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.Sendto(fd, request(local, peer), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("sock_diag: send: %w", err)
	}
	answer := make([]byte, 1<<12)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return fmt.Errorf("sock_diag: receive: %w", err)
	}
	return verdict(answer[:n])
}

// request is a struct nlmsghdr and a struct inet_diag_req_v2.
func request(local, peer netip.AddrPort) []byte {
	family := unix.AF_INET
	if local.Addr().Is6() {
		family = unix.AF_INET6
	}
	const allStates = 0xffffffff
	b := make([]byte, 0, requestBytes)
	b = binary.NativeEndian.AppendUint32(b, requestBytes)
	b = binary.NativeEndian.AppendUint16(b, sockDestroy)
	b = binary.NativeEndian.AppendUint16(b, unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	b = append(b, make([]byte, 8)...) // sequence number, port id
	b = append(b, byte(family), unix.IPPROTO_TCP, 0, 0)
	b = binary.NativeEndian.AppendUint32(b, allStates)
	b = binary.BigEndian.AppendUint16(b, local.Port())
	b = binary.BigEndian.AppendUint16(b, peer.Port())
	b = appendAddress(b, local.Addr())
	b = appendAddress(b, peer.Addr())
	b = binary.NativeEndian.AppendUint32(b, 0) // any device
	b = binary.NativeEndian.AppendUint32(b, noCookie)
	return binary.NativeEndian.AppendUint32(b, noCookie)
}

func appendAddress(b []byte, addr netip.Addr) []byte {
	const fieldBytes = 16
	raw := make([]byte, fieldBytes)
	copy(raw, addr.AsSlice())
	return append(b, raw...)
}

// verdict reads an NLMSG_ERROR, which is also how the kernel says yes.
func verdict(message []byte) error {
	if len(message) < unix.NLMSG_HDRLEN+4 || binary.NativeEndian.Uint16(message[4:]) != unix.NLMSG_ERROR {
		return fmt.Errorf("sock_diag: unexpected answer of %d bytes", len(message))
	}
	if code := int32(binary.NativeEndian.Uint32(message[unix.NLMSG_HDRLEN:])); code != 0 {
		return unix.Errno(-code)
	}
	return nil
}
