package lab

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/actor"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func (s *Socket) setOption(level, option, value int) {
	s.must(actor.Request{Op: actor.OpSetOption, Level: level, Option: option, N: value})
}

func (s *Socket) setTCP(option, value int) { s.setOption(unix.IPPROTO_TCP, option, value) }

func (s *Socket) getTCP(option int) int {
	return s.must(actor.Request{Op: actor.OpGetOption, Level: unix.IPPROTO_TCP, Option: option}).N
}

// NoFinWait2 is TCP_LINGER2 below zero.
func (s *Socket) NoFinWait2() { s.setTCP(unix.TCP_LINGER2, -1) }

// Repair puts the socket into the mode in which checkpoint and restore tools
// take connections away: close is silent then.
func (s *Socket) Repair() { s.setTCP(unix.TCP_REPAIR, 1) }

// UserTimeout bounds how long data or keep-alive probes may stay unanswered.
func (s *Socket) UserTimeout(millis int) { s.setTCP(unix.TCP_USER_TIMEOUT, millis) }

// KeepAlive sends a probe after a second of silence, one each second, and gives
// up after so many.
func (s *Socket) KeepAlive(probes int) {
	s.setTCP(unix.TCP_KEEPIDLE, 1)
	s.setTCP(unix.TCP_KEEPINTVL, 1)
	s.setTCP(unix.TCP_KEEPCNT, probes)
	s.setOption(unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
}

// FastOpen lets a listener take data in the SYN.
func (s *Socket) FastOpen() {
	const queue = 16
	s.setTCP(unix.TCP_FASTOPEN, queue)
}

// MinimumTTL makes the socket drop what comes with a lower time to live.
func (s *Socket) MinimumTTL(ttl int) {
	if s.actor.env.Family == event.IPv6 {
		const minHopCount = 73 // IPV6_MINHOPCOUNT
		s.setOption(unix.IPPROTO_IPV6, minHopCount, ttl)
		return
	}
	s.setOption(unix.IPPROTO_IP, unix.IP_MINTTL, ttl)
}

// DemandSignature drops every segment of the peer that is not signed with a
// secret key (RFC 2385).
func (s *Socket) DemandSignature(peer event.Endpoint) {
	const key = "secret of the lab"
	reply := s.actor.call(actor.Request{
		Op: actor.OpSetBytes, FD: s.fd, Level: unix.IPPROTO_TCP, Option: unix.TCP_MD5SIG, Data: md5Option(peer, key),
	})
	switch reply.Errno {
	case "":
	case "ENOPROTOOPT":
		s.actor.env.fail(unavailable("TCP_MD5SIG", "CONFIG_TCP_MD5SIG is off in this kernel"))
	default:
		s.actor.env.Failf("TCP_MD5SIG: %s", reply.Errno)
	}
}

// md5Option is a struct tcp_md5sig.
func md5Option(peer event.Endpoint, key string) []byte {
	const (
		storageBytes, keyBytes = 128, 80
		lengthAt, keyAt        = storageBytes + 2, storageBytes + 8
		ipv4AddrAt, ipv6AddrAt = 4, 8
	)
	b := make([]byte, keyAt+keyBytes)
	family, at := unix.AF_INET, ipv4AddrAt
	if peer.Addr.Is6() {
		family, at = unix.AF_INET6, ipv6AddrAt
	}
	binary.NativeEndian.PutUint16(b, uint16(family))
	copy(b[at:], peer.Addr.AsSlice())
	binary.NativeEndian.PutUint16(b[lengthAt:], uint16(len(key)))
	copy(b[keyAt:], key)
	return b
}

// Nonblocking makes connect and read return at once.
func (s *Socket) Nonblocking() { s.must(actor.Request{Op: actor.OpNonblock}) }

// Disconnect is connect(AF_UNSPEC).
func (s *Socket) Disconnect() { s.must(actor.Request{Op: actor.OpDisconnect}) }

// ReusePort lets several sockets listen on one port.
func (s *Socket) ReusePort() { s.setOption(unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) }
