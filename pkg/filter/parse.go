package filter

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// PortRange is the ports from First to Last, both included.
type PortRange struct {
	First, Last uint16
}

// Contains reports whether port is in the range.
func (r PortRange) Contains(port uint16) bool { return r.First <= port && port <= r.Last }

// String writes 443, or 8000-8100.
func (r PortRange) String() string {
	if r.First == r.Last {
		return strconv.Itoa(int(r.First))
	}
	return fmt.Sprintf("%d-%d", r.First, r.Last)
}

// ParseDir reads one direction.
func ParseDir(text string) (event.Dir, error) {
	for _, dir := range event.Dirs {
		if strings.EqualFold(text, string(dir)) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("unknown direction %q: want sent, received, ignored or observed", text)
}

// anyName takes a name as it is.
func anyName(text string) (string, error) { return text, nil }

func parseHost(text string) (netip.Prefix, error) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return unmapPrefix(prefix), nil
	}
	addr, err := netip.ParseAddr(text)
	switch {
	case err != nil:
		return netip.Prefix{}, fmt.Errorf(
			"bad host %q: want an address or prefix, such as 192.0.2.1 or 2001:db8::/32 (names are not looked up, port takes ports)", text)
	case addr.Zone() != "":
		return netip.Prefix{}, fmt.Errorf("bad host %q: want an address without zone (%s)", text, addr.WithZone(""))
	}
	addr = addr.Unmap()
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}

// unmapPrefix gives prefix the form of the addresses in events: masked, and
// IPv4 where it lies within ::ffff:0:0/96.
func unmapPrefix(prefix netip.Prefix) netip.Prefix {
	if addr := prefix.Addr(); addr.Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(addr.Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked()
}

// inPrefix compares the address of one end. A prefix contains no address with a zone.
func inPrefix(end *event.Endpoint, prefix netip.Prefix) bool {
	return prefix.Contains(end.Addr.Unmap().WithZone(""))
}

// prefixText writes the prefix of one address without its length.
func prefixText(prefix netip.Prefix) string {
	if prefix.IsSingleIP() {
		return prefix.Addr().String()
	}
	return prefix.String()
}

func hostsOf(prefix netip.Prefix) Selection { return Selection{Hosts: []netip.Prefix{prefix}} }

func parsePort(text string) (PortRange, error) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	from, err := strconv.ParseUint(strings.TrimSpace(first), 10, 16)
	to, err2 := strconv.ParseUint(strings.TrimSpace(last), 10, 16)
	if err != nil || err2 != nil || from == 0 || to == 0 {
		return PortRange{}, fmt.Errorf("bad port %q: want 1 to 65535 or a range such as 8000-8100", text)
	}
	if to < from {
		return PortRange{}, fmt.Errorf("bad port range %q: want the lower port first (%d-%d)", text, to, from)
	}
	return PortRange{uint16(from), uint16(to)}, nil
}

func parsePID(text string) (uint32, error) {
	number := strings.TrimPrefix(text, "pid ")
	if at := strings.LastIndexByte(text, '['); at > 0 && strings.HasSuffix(text, "]") {
		number = text[at+1 : len(text)-1]
	}
	pid, err := strconv.ParseUint(number, 10, 31) // the kernel's pid_t is a signed 32-bit number
	if err != nil || pid == 0 {
		return 0, fmt.Errorf("bad pid %q: want a positive number (comm takes names)", text)
	}
	return uint32(pid), nil
}

const acceptedPods = "a name such as cart-6d9f or shop/cart-6d9f, or a uid"

// parsePod refuses what no pod can be called.
func parsePod(text string) (string, error) {
	namespace, name, qualified := strings.Cut(text, "/")
	if qualified && (namespace == "" || name == "" || strings.Contains(name, "/")) {
		return "", fmt.Errorf("bad pod %q: want %s (container takes a container of a pod)", text, acceptedPods)
	}
	return text, nil
}

var unitTypes = []string{".service", ".scope", ".slice", ".socket", ".mount", ".swap"}

func parseUnit(text string) (string, error) {
	if strings.Contains(text, "/") {
		return "", fmt.Errorf("bad unit %q: want a name such as nginx.service (cgroup takes paths)", text)
	}
	if slices.Contains(unitTypes, path.Ext(text)) {
		return text, nil
	}
	return text + ".service", nil
}

// commBytes is TASK_COMM_LEN without the final zero (include/linux/sched.h).
const commBytes = 15

func cutComm(name string) string {
	if !verbatim(name) {
		return name // it may be shorter than its escapes
	}
	return name[:min(len(name), commBytes)]
}
