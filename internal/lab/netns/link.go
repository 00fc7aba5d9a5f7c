package netns

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Connect lays a veth pair between two namespaces: a device of the same name
// in each, with the given addresses (a zero prefix is none), up. Packets may
// still be dropped for a moment after; see [AwaitReachable].
func Connect(a, b *Namespace, device string, addrA, addrB netip.Prefix) error {
	pair := &netlink.Veth{
		LinkAttrs:     netlink.NewLinkAttrs(),
		PeerName:      device,
		PeerNamespace: netlink.NsFd(b.FD()),
	}
	pair.Name = device
	if err := a.nl.LinkAdd(pair); err != nil {
		if errors.Is(err, unix.EOPNOTSUPP) {
			return fmt.Errorf("creating a veth pair: %w: %w (kernel module veth is missing)", err, ErrUnavailable)
		}
		return fmt.Errorf("creating a veth pair: %w", err)
	}
	// Up on both sides first: an address on a device without carrier would
	// wait for it.
	for _, n := range []*Namespace{a, b} {
		if err := n.retryNeighbours(device, addrA.Addr().Is6()); err != nil {
			return err
		}
		if err := n.setUp(device); err != nil {
			return err
		}
	}
	if err := a.AddAddress(device, addrA); err != nil {
		return err
	}
	if !addrB.IsValid() {
		return nil
	}
	return b.AddAddress(device, addrB)
}

// Bridge joins devices of the namespace to one network.
func (n *Namespace) Bridge(name string, devices ...string) error {
	bridge := &netlink.Bridge{LinkAttrs: netlink.NewLinkAttrs()}
	bridge.Name = name
	err := n.nl.LinkAdd(bridge)
	if errors.Is(err, unix.EOPNOTSUPP) {
		err = fmt.Errorf("%w: %w (kernel module bridge is missing)", err, ErrUnavailable)
	}
	for _, device := range devices {
		if err == nil {
			err = n.enslave(device, bridge)
		}
	}
	if err != nil {
		return fmt.Errorf("bridge %s in %s: %w", name, n.name, err)
	}
	return n.setUp(name)
}

func (n *Namespace) enslave(device string, bridge netlink.Link) error {
	link, err := n.nl.LinkByName(device)
	if err != nil {
		return err
	}
	return n.nl.LinkSetMaster(link, bridge)
}

// retryNeighbours makes ARP and neighbour discovery ask again soon: their first
// question is lost when it comes before the device's queues are up.
func (n *Namespace) retryNeighbours(device string, ipv6 bool) error {
	const millis = "100"
	family := "ipv4"
	if ipv6 {
		family = "ipv6"
	}
	return n.Sysctl(family+"/neigh/"+device+"/retrans_time_ms", millis)
}

// AddAddress gives an address to a device and sets the device up.
func (n *Namespace) AddAddress(device string, addr netip.Prefix) error {
	link, err := n.nl.LinkByName(device)
	if err != nil {
		return fmt.Errorf("device %s in %s: %w", device, n.name, err)
	}
	bits := addr.Addr().BitLen()
	address := &netlink.Addr{IPNet: &net.IPNet{IP: addr.Addr().AsSlice(), Mask: net.CIDRMask(addr.Bits(), bits)}}
	if addr.Addr().Is6() {
		address.Flags = unix.IFA_F_NODAD
	}
	if err := n.nl.AddrAdd(link, address); err != nil {
		return fmt.Errorf("address %s for %s in %s: %w", addr, device, n.name, err)
	}
	return n.setUp(device)
}

// AddRoute sends what is for a network to a device.
func (n *Namespace) AddRoute(device string, to netip.Prefix) error {
	link, err := n.nl.LinkByName(device)
	if err != nil {
		return fmt.Errorf("device %s in %s: %w", device, n.name, err)
	}
	dst := &net.IPNet{IP: to.Addr().AsSlice(), Mask: net.CIDRMask(to.Bits(), to.Addr().BitLen())}
	if err := n.nl.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: dst, Scope: netlink.SCOPE_LINK}); err != nil {
		return fmt.Errorf("route to %s in %s: %w", to, n.name, err)
	}
	return nil
}

// AddDefaultRoute sends whatever has no better route to a gateway.
func (n *Namespace) AddDefaultRoute(gateway netip.Addr) error {
	if err := n.nl.RouteAdd(&netlink.Route{Gw: gateway.AsSlice()}); err != nil {
		return fmt.Errorf("default route to %s in %s: %w", gateway, n.name, err)
	}
	return nil
}

// CutOff sets a device down, as pulling the cable does.
func (n *Namespace) CutOff(device string) error {
	link, err := n.nl.LinkByName(device)
	if err == nil {
		err = n.nl.LinkSetDown(link)
	}
	if err != nil {
		return fmt.Errorf("setting %s down in %s: %w", device, n.name, err)
	}
	return nil
}

// RemoveDevice deletes a device; of a veth pair both ends go.
func (n *Namespace) RemoveDevice(device string) error {
	link, err := n.nl.LinkByName(device)
	if err == nil {
		err = n.nl.LinkDel(link)
	}
	if err != nil {
		return fmt.Errorf("removing %s from %s: %w", device, n.name, err)
	}
	return nil
}

func (n *Namespace) setUp(device string) error {
	link, err := n.nl.LinkByName(device)
	if err == nil {
		err = n.nl.LinkSetUp(link)
	}
	if err != nil {
		return fmt.Errorf("setting %s up in %s: %w", device, n.name, err)
	}
	return nil
}
