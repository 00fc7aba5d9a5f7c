package main

import (
	"fmt"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/test/peers/fleetplay"
)

// machine is this one.
type machine struct {
	client       *netns.Namespace // of the client, if it shares this machine with the router, else nil
	inner, outer string           // devices of the router
	toHost       string           // the last card
}

// end is the device of a client and of a server.
const end = "eth0"

// as runs fn where a role has its network.
func (m *machine) as(role fleetplay.Role, fn func() error) error {
	if role == fleetplay.Client && m.client != nil {
		return m.client.Do(fn)
	}
	return fn()
}

// machine prepares this one for its roles.
func (o *options) machine() (*machine, error) {
	if err := os.WriteFile("/etc/machine-id", fmt.Appendf(nil, "%032x\n", o.number), 0o644); err != nil {
		return nil, err
	}
	if err := unix.Sethostname([]byte(o.name)); err != nil {
		return nil, err
	}
	if err := steadyClock(); err != nil {
		return nil, err
	}
	m := &machine{toHost: "eth1"}
	switch {
	case o.has(fleetplay.Client) && o.has(fleetplay.Router):
		m.inner, m.outer = "inner", "eth0"
		if err := m.addClient(); err != nil {
			return nil, err
		}
	case o.has(fleetplay.Router):
		m.inner, m.outer, m.toHost = "eth0", "eth1", "eth2"
	}
	for _, role := range o.roles {
		if err := m.as(role, func() error { return m.prepare(role) }); err != nil {
			return nil, fmt.Errorf("the network of the %s: %w", role, err)
		}
	}
	return m, setAddress(m.toHost, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 2, byte(10 + o.number)}), 24))
}

// steadyClock takes a clock whose frequency is that of the emulator. The kernel guesses that
// of the processor's counter, wrongly if the host is busy.
func steadyClock() error {
	const file = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
	return os.WriteFile(file, []byte("acpi_pm"), 0)
}

// addClient gives the client a network namespace, behind a pair of devices.
func (m *machine) addClient() (err error) {
	if m.client, err = netns.New("client"); err != nil {
		return err
	}
	pair := &netlink.Veth{LinkAttrs: netlink.NewLinkAttrs(), PeerName: end, PeerNamespace: netlink.NsFd(m.client.FD())}
	pair.Name = m.inner
	return netlink.LinkAdd(pair)
}

// prepare gives a role its addresses, its routes and its rules.
func (m *machine) prepare(role fleetplay.Role) error {
	// A segment that is sent twice may be answered twice. So none is, only because the host is busy.
	if err := set("ipv4/tcp_early_retrans", "0"); err != nil {
		return err
	}
	switch role {
	case fleetplay.Client:
		if err := setAddresses(end, fleetplay.ClientPrefix, fleetplay.ClientPrefix6); err != nil {
			return err
		}
		return addRoutes(end, fleetplay.InnerPrefix.Addr(), fleetplay.InnerPrefix6.Addr())
	case fleetplay.Server: // its IPv4 peers are all addresses of the router
		if err := setAddresses(end, fleetplay.ServerPrefix, fleetplay.ServerPrefix6); err != nil {
			return err
		}
		return addRoutes(end, fleetplay.OuterPrefix6.Addr())
	}
	for _, name := range []string{"ipv4/ip_forward", "ipv6/conf/all/forwarding"} {
		if err := set(name, "1"); err != nil {
			return err
		}
	}
	if err := setAddresses(m.inner, fleetplay.InnerPrefix, fleetplay.InnerPrefix6); err != nil {
		return err
	}
	if err := setAddresses(m.outer, fleetplay.OuterPrefix, fleetplay.OuterPrefix6); err != nil {
		return err
	}
	return firewall(m.outer)
}

func set(name, value string) error { return os.WriteFile("/proc/sys/net/"+name, []byte(value), 0) }
