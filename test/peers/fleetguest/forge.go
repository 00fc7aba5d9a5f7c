package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/test/peers/fleetplay"
)

// forger sees the packets that come to the router, and puts RSTs on the network in the name of
// both ends of a connection that passes through it.
type forger struct {
	host   *host
	raw    int // socket that sends packets as they are
	dialed map[netip.AddrPort]*passing
	begun  map[handshake]*passing
}

// passing is a connection of the client.
type passing struct {
	client         netip.AddrPort
	translated     netip.AddrPort // the client, as the server has it
	shaken, struck bool
	seq, ack       uint32 // of the client, behind the handshake
}

// handshake identifies a connection behind the router: translation leaves the numbers as they are.
type handshake struct {
	server netip.AddrPort
	ack    uint32 // of the server, in its first segment
}

// forge begins to forge what the plays want, until the program ends.
func forge(h *host) error {
	raw, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		return err
	}
	// Packets of all devices that arrive, without the header of the link.
	protocol := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_IP))
	packets, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(protocol))
	if err != nil {
		return err
	}
	f := &forger{host: h, raw: raw, dialed: make(map[netip.AddrPort]*passing), begun: make(map[handshake]*passing)}
	go func() {
		fmt.Fprintln(os.Stderr, "fleetguest: forging:", f.run(packets))
		os.Exit(1)
	}()
	return nil
}

// run goes on until something fails.
func (f *forger) run(packets int) error {
	buf := make([]byte, 1<<16)
	for {
		n, _, err := unix.Recvfrom(packets, buf, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		packet := gopacket.NewPacket(buf[:n], layers.LayerTypeIPv4, gopacket.NoCopy)
		ip, _ := packet.NetworkLayer().(*layers.IPv4)
		tcp, _ := packet.TransportLayer().(*layers.TCP)
		if ip == nil || tcp == nil {
			continue
		}
		if err := f.see(end4(ip.SrcIP, tcp.SrcPort), end4(ip.DstIP, tcp.DstPort), tcp); err != nil {
			return err
		}
	}
}

func end4(ip []byte, port layers.TCPPort) netip.AddrPort {
	address, _ := netip.AddrFromSlice(ip)
	return netip.AddrPortFrom(address, uint16(port))
}

// see looks at a segment that arrived. The client acknowledges the byte that it gets, and
// neither end sends another one: then the numbers of both ends are known.
func (f *forger) see(from, to netip.AddrPort, s *layers.TCP) error {
	client, server := fleetplay.ClientPrefix.Addr(), fleetplay.ServerPrefix.Addr()
	switch {
	case from.Addr() == client && s.SYN:
		c := &passing{client: from}
		f.dialed[from], f.begun[handshake{to, s.Seq + 1}] = c, c
	case from.Addr() == server && s.ACK && (s.SYN || s.RST):
		return f.answered(from, to, s)
	case from.Addr() == client && s.ACK && f.dialed[from] != nil:
		c := f.dialed[from]
		if !c.shaken {
			c.shaken, c.seq, c.ack = true, s.Seq, s.Ack
		}
		if c.struck || len(s.Payload) > 0 || s.Seq != c.seq+1 || s.Ack != c.ack+1 {
			return nil
		}
		c.struck = true
		return f.strike(c, to)
	}
	return nil
}

// answered takes the first segment of the server. It has the address that the router has
// given to the client. If the server refuses, no other program knows this address.
func (f *forger) answered(server, to netip.AddrPort, s *layers.TCP) error {
	c := f.begun[handshake{server, s.Ack}]
	if c == nil || c.translated.IsValid() {
		return nil
	}
	c.translated = to
	if play, ok := fleetplay.PlayOf(server.Port()); s.RST && ok {
		return f.host.report(fleetplay.Report{Play: play, Round: fleetplay.RoundOf(c.client.Port()), Local: server, Remote: to})
	}
	return nil
}

// strike forges, if the play is one that wants it.
func (f *forger) strike(c *passing, server netip.AddrPort) error {
	play, ok := fleetplay.PlayOf(server.Port())
	if !ok {
		return nil
	}
	seq, ack := c.seq+1, c.ack+1
	switch fleetplay.Plays[play].Act {
	case fleetplay.ForgeToDial:
		return f.send(server, c.client, ack, seq)
	case fleetplay.ForgeToTake:
		return f.send(c.translated, server, seq, ack)
	}
	return nil
}

func (f *forger) send(from, to netip.AddrPort, seq, ack uint32) error {
	const usualTTL = 64
	ip := &layers.IPv4{Version: 4, TTL: usualTTL, Protocol: layers.IPProtocolTCP, SrcIP: from.Addr().AsSlice(), DstIP: to.Addr().AsSlice()}
	tcp := &layers.TCP{SrcPort: layers.TCPPort(from.Port()), DstPort: layers.TCPPort(to.Port()), Seq: seq, Ack: ack, RST: true, ACK: true}
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		return err
	}
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ip, tcp); err != nil {
		return err
	}
	return unix.Sendto(f.raw, buf.Bytes(), 0, &unix.SockaddrInet4{Addr: to.Addr().As4()})
}
