package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// bufferBytes holds tens of thousands of RSTs between two calls of Segments.
const bufferBytes = 8 << 20

// Capture is a packet socket. Its methods may be called from any thread, one
// at a time.
type Capture struct {
	fd int
}

// Open starts to record in the network namespace of the calling thread, on all
// its devices, those included that appear later.
func Open() (*Capture, error) { return open(rstFilter) }

// OpenAll is Open for all IP packets, which Packets then returns.
func OpenAll() (*Capture, error) { return open(nil) }

func open(filter []unix.SockFilter) (*Capture, error) {
	// No protocol yet: nothing may come in before the filter is in place.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("capture: packet socket: %w (CAP_NET_RAW is needed)", err)
	}
	c := &Capture{fd: fd}
	if err := c.start(filter); err != nil {
		c.Close()
		return nil, fmt.Errorf("capture: %w", err)
	}
	return c, nil
}

func (c *Capture) start(filter []unix.SockFilter) error {
	if len(filter) > 0 {
		program := &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
		if err := unix.SetsockoptSockFprog(c.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, program); err != nil {
			return fmt.Errorf("attaching the filter: %w", err)
		}
	}
	if err := unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return fmt.Errorf("switching timestamps on: %w", err)
	}
	// Best effort: without CAP_NET_ADMIN the default has room for some hundred.
	_ = unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, bufferBytes)
	if err := unix.Bind(c.fd, &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL)}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	return nil
}

// Packet is one packet, from its IP header on.
type Packet struct {
	Time     time.Time
	Outgoing bool // left this namespace, or passed its loopback device
	Data     []byte
}

// Segments returns the RSTs that were recorded since the last call, in order. It never
// waits. An error says that packets were lost or could not be decoded; what
// was recorded is returned with it.
func (c *Capture) Segments() ([]Segment, error) {
	var segments []Segment
	packets, lost := c.Packets()
	problems := []error{lost}
	for _, p := range packets {
		segment, err := decode(p.Data)
		if err != nil {
			problems = append(problems, fmt.Errorf("capture: %w", err))
			continue
		}
		segment.Outgoing, segment.Time = p.Outgoing, p.Time
		segments = append(segments, segment)
	}
	return segments, errors.Join(problems...)
}

// Packets returns what was recorded since the last call, in order. It never waits. An
// error says that packets were lost; what was recorded is returned with it.
func (c *Capture) Packets() ([]Packet, error) {
	var packets []Packet
	buf, control := make([]byte, 1<<16), make([]byte, 256)
	for {
		n, controlLen, _, from, err := unix.Recvmsg(c.fd, buf, control, 0)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return packets, c.lost()
		case err != nil:
			return packets, fmt.Errorf("capture: reading: %w", err)
		}
		link, ok := from.(*unix.SockaddrLinklayer)
		if !ok || seenTwice(link) {
			continue
		}
		packets = append(packets, Packet{
			Time: timestamp(control[:controlLen]), Outgoing: link.Pkttype == unix.PACKET_OUTGOING, Data: bytes.Clone(buf[:n]),
		})
	}
}

// seenTwice is true for the second sight of a packet on the loopback device.
func seenTwice(link *unix.SockaddrLinklayer) bool {
	return link.Hatype == unix.ARPHRD_LOOPBACK && link.Pkttype != unix.PACKET_OUTGOING
}

// lost is an error if the buffer was too small since the last call.
func (c *Capture) lost() error {
	stats, err := unix.GetsockoptTpacketStats(c.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return fmt.Errorf("capture: statistics: %w", err)
	}
	if stats.Drops > 0 {
		return fmt.Errorf("capture: %d packets lost: the buffer was full", stats.Drops)
	}
	return nil
}

// Close stops recording.
func (c *Capture) Close() error {
	return os.NewSyscallError("close", unix.Close(c.fd))
}

// timestamp finds the kernel's time of reception among control messages.
func timestamp(control []byte) time.Time {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return time.Time{}
	}
	for _, m := range messages {
		const secondsAndNanos = 16
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPNS && len(m.Data) >= secondsAndNanos {
			seconds := binary.NativeEndian.Uint64(m.Data)
			nanos := binary.NativeEndian.Uint64(m.Data[8:])
			return time.Unix(int64(seconds), int64(nanos)).UTC()
		}
	}
	return time.Time{}
}

func networkOrder(v uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], v)
	return binary.NativeEndian.Uint16(b[:])
}
