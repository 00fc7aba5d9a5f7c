package main

import (
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// patientMillis is when a segment is sent again, at the earliest.
const patientMillis = int(5 * time.Second / time.Millisecond)

func setAddresses(device string, prefixes ...netip.Prefix) error {
	for _, p := range prefixes {
		if err := setAddress(device, p); err != nil {
			return err
		}
	}
	return nil
}

// setAddress gives an address to a device and sets the device up.
func setAddress(device string, prefix netip.Prefix) error {
	link, err := netlink.LinkByName(device)
	if err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	address := &netlink.Addr{IPNet: ipNet(prefix.Addr(), prefix.Bits())}
	if prefix.Addr().Is6() {
		address.Flags = unix.IFA_F_NODAD
	}
	if err := netlink.AddrAdd(link, address); err != nil {
		return fmt.Errorf("%s: %w", prefix, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	if prefix.Addr().Is6() {
		return nil
	}
	// The kernel has made a route with the address. This one has patience.
	err = netlink.RouteReplace(&netlink.Route{
		LinkIndex: link.Attrs().Index, Dst: ipNet(prefix.Masked().Addr(), prefix.Bits()), Src: prefix.Addr().AsSlice(),
		Scope: netlink.SCOPE_LINK, Protocol: unix.RTPROT_KERNEL, RtoMin: patientMillis, RtoMinLock: true,
	})
	if err != nil {
		return fmt.Errorf("the route of %s: %w", prefix, err)
	}
	return nil
}

// addRoutes adds a route to all other addresses over each gateway.
func addRoutes(device string, gateways ...netip.Addr) error {
	link, err := netlink.LinkByName(device)
	if err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	for _, g := range gateways {
		if err := netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: g.AsSlice(), RtoMin: patientMillis, RtoMinLock: true}); err != nil {
			return fmt.Errorf("the route over %s: %w", g, err)
		}
	}
	return nil
}

func ipNet(addr netip.Addr, bits int) *net.IPNet {
	return &net.IPNet{IP: addr.AsSlice(), Mask: net.CIDRMask(bits, addr.BitLen())}
}
