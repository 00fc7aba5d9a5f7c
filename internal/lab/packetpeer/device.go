package packetpeer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
)

// receiveTimeout is generous: emulated machines are slow.
const receiveTimeout = 30 * time.Second

// DeviceName is the TUN device in the namespace.
const DeviceName = "lab-peer"

// Peer is the machine behind the TUN device. Not for concurrent use.
type Peer struct {
	addr    netip.Addr
	others  netip.Prefix // addresses that it has, too
	device  *os.File
	waiting map[flowKey][]Segment // received for flows that did not ask yet
}

// New puts a peer with address peer next to a namespace, whose own address on
// that network becomes local. The peer is closed when ctx ends.
func New(ctx context.Context, n *netns.Namespace, local netip.Prefix, peer netip.Addr) (*Peer, error) {
	p := &Peer{addr: peer, waiting: make(map[flowKey][]Segment)}
	err := n.Do(func() (err error) {
		p.device, err = openTUN()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("packet peer: %w", err)
	}
	context.AfterFunc(ctx, p.Close)
	err = n.AddAddress(DeviceName, local)
	if err == nil {
		// The kernel installs the route of an IPv6 address to itself in the
		// background; what comes for it before is dropped.
		err = netns.AwaitReachable(ctx, n, local.Addr(), n, local.Addr())
	}
	if err != nil {
		p.Close()
		return nil, fmt.Errorf("packet peer: %w", err)
	}
	return p, nil
}

// openTUN makes a TUN device in the namespace of the calling thread; it is gone
// when the file is closed.
func openTUN() (*os.File, error) {
	const path = "/dev/net/tun"
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) {
			return nil, fmt.Errorf("%s: %w: %w (kernel module tun is missing)", path, err, netns.ErrUnavailable)
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	request, err := unix.NewIfreq(DeviceName)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("creating the TUN device: %w", err)
	}
	// Only now: the poller wants a descriptor that has a device behind it.
	return os.NewFile(uintptr(fd), path), nil
}

// Addr is the peer's address.
func (p *Peer) Addr() netip.Addr { return p.addr }

// Claim gives it all addresses of a network, too. Packets for them must find the device.
func (p *Peer) Claim(others netip.Prefix) { p.others = others }

// Close removes the device.
func (p *Peer) Close() { p.device.Close() }

// send puts a segment on the wire. The kernel has handled it on return.
func (p *Peer) send(from, to netip.AddrPort, s Segment) error {
	packet, err := s.serialize(from, to)
	if err == nil {
		_, err = p.device.Write(packet)
	}
	if err != nil {
		return fmt.Errorf("packet peer: sending %s: %w", s.Flags, err)
	}
	return nil
}

// next returns the next segment for whichever flow.
func (p *Peer) next() (flowKey, Segment, error) {
	if err := p.device.SetReadDeadline(time.Now().Add(receiveTimeout)); err != nil {
		return flowKey{}, Segment{}, fmt.Errorf("packet peer: %w", err)
	}
	buf := make([]byte, 1<<16)
	for {
		n, err := p.device.Read(buf)
		if err != nil {
			return flowKey{}, Segment{}, fmt.Errorf("packet peer: waiting for a segment: %w", err)
		}
		// What is not TCP to us is neighbour discovery, multicast reports, ...
		if key, segment, ok := p.decode(bytes.Clone(buf[:n])); ok {
			return key, segment, nil
		}
	}
}

// keep stores a segment for a flow that did not ask yet.
func (p *Peer) keep(key flowKey, s Segment) { p.waiting[key] = append(p.waiting[key], s) }

// decode reads a packet that the namespace sent.
func (p *Peer) decode(packet []byte) (flowKey, Segment, bool) {
	first := layers.LayerTypeIPv4
	if p.addr.Is6() {
		first = layers.LayerTypeIPv6
	}
	decoded := gopacket.NewPacket(packet, first, gopacket.NoCopy)
	network, tcp := decoded.NetworkLayer(), decoded.Layer(layers.LayerTypeTCP)
	if network == nil || tcp == nil {
		return flowKey{}, Segment{}, false
	}
	src, _ := netip.AddrFromSlice(network.NetworkFlow().Src().Raw())
	dst, _ := netip.AddrFromSlice(network.NetworkFlow().Dst().Raw())
	header := tcp.(*layers.TCP)
	key := flowKey{netip.AddrPortFrom(dst, uint16(header.DstPort)), netip.AddrPortFrom(src, uint16(header.SrcPort))}
	return key, segmentOf(header), dst == p.addr || p.others.Contains(dst)
}
