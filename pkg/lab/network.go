package lab

import (
	"fmt"
	"net/netip"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// The ends of a scenario's network, and the names of their namespaces where
// each has its own.
const (
	clientEnd  = "client"
	serverEnd  = "server"
	rebuiltEnd = "server-rebuilt" // the server's machine after the power loss
	routerEnd  = "router"
	bridgeEnd  = "bridge"
	oneEnd     = "lab" // the only namespace of a path with one
)

const (
	device       = "lab0"
	secondDevice = "lab1" // between server and router or bridge
	bridgeDevice = "br0"
)

// addresses of a network: the client's and the server's, or, next to a packet
// peer, the kernel's and the peer's.
type addresses struct{ first, second netip.Prefix }

func (e *Env) plan() addresses {
	both := func(first, second string) addresses {
		return addresses{netip.MustParsePrefix(first), netip.MustParsePrefix(second)}
	}
	switch {
	case e.Path == Loopback && e.Family == event.IPv6:
		return both("::1/128", "::1/128")
	case e.Path == Loopback:
		return both("127.0.0.1/8", "127.0.0.1/8")
	case e.Path == Routed && e.Family == event.IPv6:
		return both("fd77::1/64", "fd78::2/64")
	case e.Path == Routed:
		return both("10.77.0.1/24", "10.78.0.2/24")
	case e.Family == event.IPv6:
		return both("fd77::1/64", "fd77::2/64")
	}
	return both("10.77.0.1/24", "10.77.0.2/24")
}

// build makes the namespaces and wires them.
func (e *Env) build() error {
	if e.Family == event.IPv6 && !netns.HasIPv6() {
		return fmt.Errorf("IPv6: %w (switched off in this kernel)", ErrUnavailable)
	}
	names := map[Path][]string{
		Loopback: {oneEnd}, Packets: {oneEnd},
		Veth: {clientEnd, serverEnd}, Routed: {clientEnd, routerEnd, serverEnd},
		PowerLoss: {clientEnd, serverEnd, rebuiltEnd}, Bridged: {clientEnd, bridgeEnd, serverEnd},
	}[e.Path]
	for _, name := range names {
		n, err := netns.New(name)
		if err != nil {
			return err
		}
		e.namespaces = append(e.namespaces, n)
	}
	switch e.Path {
	case Veth, PowerLoss:
		return e.connect(serverEnd)
	case Routed:
		return e.buildRouter()
	case Bridged:
		return e.buildBridge()
	case Packets:
		return e.buildPeer()
	}
	return nil
}

// connect lays the cable between the client and what is the server now.
func (e *Env) connect(server string) error {
	a, b, addrs := e.namespace(clientEnd), e.namespace(server), e.plan()
	if err := netns.Connect(a, b, device, addrs.first, addrs.second); err != nil {
		return err
	}
	return netns.AwaitReachable(e.ctx, a, addrs.first.Addr(), b, addrs.second.Addr())
}

// buildRouter wires the client and the server to the router, each its own
// network, and makes the router forward.
func (e *Env) buildRouter() error {
	client, router, server, addrs := e.namespace(clientEnd), e.namespace(routerEnd), e.namespace(serverEnd), e.plan()
	forwarding := "ipv4/conf/all/forwarding"
	if e.Family == event.IPv6 {
		forwarding = "ipv6/conf/all/forwarding"
	}
	if err := router.Sysctl(forwarding, "1"); err != nil {
		return err
	}
	for _, cable := range []struct {
		end    *netns.Namespace
		device string
		addr   netip.Prefix
	}{{client, device, addrs.first}, {server, secondDevice, addrs.second}} {
		gateway := lastAddress(cable.addr)
		if err := netns.Connect(cable.end, router, cable.device, cable.addr, gateway); err != nil {
			return err
		}
		if err := cable.end.AddDefaultRoute(gateway.Addr()); err != nil {
			return err
		}
	}
	return netns.AwaitReachable(e.ctx, client, addrs.first.Addr(), server, addrs.second.Addr())
}

// buildBridge wires the client and the server to the bridge: one network.
func (e *Env) buildBridge() error {
	client, bridge, server, addrs := e.namespace(clientEnd), e.namespace(bridgeEnd), e.namespace(serverEnd), e.plan()
	if err := netns.Connect(client, bridge, device, addrs.first, netip.Prefix{}); err != nil {
		return err
	}
	if err := netns.Connect(server, bridge, secondDevice, addrs.second, netip.Prefix{}); err != nil {
		return err
	}
	if err := bridge.Bridge(bridgeDevice, device, secondDevice); err != nil {
		return err
	}
	return netns.AwaitReachable(e.ctx, client, addrs.first.Addr(), server, addrs.second.Addr())
}

// lastAddress is the address whose last byte is 254, in the same network.
func lastAddress(p netip.Prefix) netip.Prefix {
	raw := p.Addr().AsSlice()
	raw[len(raw)-1] = 254
	addr, _ := netip.AddrFromSlice(raw)
	return netip.PrefixFrom(addr, p.Bits())
}

// buildPeer puts a packet peer next to the only namespace.
func (e *Env) buildPeer() error {
	addrs := e.plan()
	peer, err := packetpeer.New(e.ctx, e.namespaces[0], addrs.first, addrs.second.Addr())
	if err != nil {
		return err
	}
	e.peer = peer
	return nil
}

// cutPower takes the server's machine away and puts a fresh one with the same
// address in its place. die is what happens to it in between.
func (e *Env) cutPower(die func()) {
	e.must(e.namespace(serverEnd).CutOff(device))
	die()
	e.must(e.namespace(clientEnd).RemoveDevice(device))
	e.must(e.connect(rebuiltEnd))
}
