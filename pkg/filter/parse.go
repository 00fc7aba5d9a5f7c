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

// The parsers take what a repeatable flag collected: each value may itself be
// a comma-separated list, see splitList. No values give no elements, and an empty
// value is an error: it is no filter that nobody meant. An error names the first
// bad value and says what is accepted.

// ParseDirs reads directions: sent, received, ignored.
func ParseDirs(values []string) ([]event.Dir, error) {
	return parseWords(values, "direction", "sent, received or ignored", ParseDir)
}

// ParseDir reads one direction.
func ParseDir(text string) (event.Dir, error) {
	for _, dir := range event.Dirs {
		if strings.EqualFold(text, string(dir)) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("unknown direction %q: want sent, received or ignored", text)
}

// ParseCauses reads cause ids. known are the ids of the catalogue; a near miss
// is answered with the ids that may have been meant.
func ParseCauses(values []string, known []event.CauseID) ([]event.CauseID, error) {
	return parseWords(values, "cause", "the id of a cause, such as closed-port", func(text string) (event.CauseID, error) {
		return parseCause(text, known)
	})
}

// ParseHosts reads addresses and prefixes, IPv4 and IPv6. An address stands for
// the prefix that holds nothing else; bits past the prefix length are cleared.
func ParseHosts(values []string) ([]netip.Prefix, error) {
	return parseWords(values, "host", "an address or prefix, such as 192.0.2.1 or 2001:db8::/32", parseHost)
}

// ParsePorts reads ports and ranges such as 8000-8100.
func ParsePorts(values []string) ([]PortRange, error) {
	return parseWords(values, "port", "1 to 65535 or a range such as 8000-8100", parsePort)
}

// ParsePIDs reads process ids, also as they are printed: nginx[812], pid 812.
func ParsePIDs(values []string) ([]uint32, error) {
	return parseWords(values, "pid", "a positive number", parsePID)
}

// ParseComms reads process names. The kernel keeps 15 bytes of a name, so
// longer ones are cut rather than never found.
func ParseComms(values []string) ([]string, error) {
	return parseNames(values, "process name", "a name as ps -o comm shows it", func(text string) (string, error) {
		return cutComm(text), nil
	})
}

// ParseCgroups reads paths of control groups. form brings one into the form that
// events have, known are all that exist; a near miss is answered with those that
// may have been meant.
func ParseCgroups(values []string, form func(string) string, known []string) ([]string, error) {
	return parseNames(values, "control group", "a path such as /system.slice/nginx.service", func(text string) (string, error) {
		return parseCgroup(text, form(text), known)
	})
}

// ParseUnits reads systemd units. As for systemctl, a name without a type is
// that of a service.
func ParseUnits(values []string) ([]string, error) {
	return parseNames(values, "unit", "a name such as nginx.service", parseUnit)
}

// ParseContainers reads names and ids of containers.
func ParseContainers(values []string) ([]string, error) {
	return parseNames(values, "container", "a name, or an id", anyName)
}

// ParsePods reads names and uids of Kubernetes pods.
func ParsePods(values []string) ([]string, error) {
	return parseNames(values, "pod", acceptedPods, parsePod)
}

func anyName(text string) (string, error) { return text, nil }

// ParseNetns reads network namespaces; resolve finds the number of one.
func ParseNetns(values []string, resolve func(string) (uint32, error)) ([]uint32, error) {
	return parseNames(values, "network namespace", "an inode number, a name, a path, own, or all", resolve)
}

// parseWords parses every part of values. Blanks around a part do not count.
func parseWords[T any](values []string, what, accepted string, parse func(string) (T, error)) ([]T, error) {
	return parseNames(values, what, accepted, func(part string) (T, error) {
		return parse(strings.TrimSpace(part))
	})
}

// parseNames parses every part of values as it is: a name may begin or end with
// a blank.
func parseNames[T any](values []string, what, accepted string, parse func(string) (T, error)) ([]T, error) {
	var parsed []T
	for _, value := range values {
		for _, part := range splitList(value) {
			if strings.TrimSpace(part) == "" {
				return nil, fmt.Errorf("empty %s in %q: want %s", what, value, accepted)
			}
			one, err := parse(part)
			if err != nil {
				return nil, err
			}
			parsed = append(parsed, one)
		}
	}
	return parsed, nil
}

func parseHost(text string) (netip.Prefix, error) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return unmapPrefix(prefix), nil
	}
	addr, err := netip.ParseAddr(text)
	switch {
	case err != nil:
		return netip.Prefix{}, fmt.Errorf(
			"bad host %q: want an address or prefix, such as 192.0.2.1 or 2001:db8::/32 (names are not looked up, ports go to the port filter)", text)
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
		return 0, fmt.Errorf("bad pid %q: want a positive number (for names use the process name filter)", text)
	}
	return uint32(pid), nil
}

const acceptedPods = "a name such as cart-6d9f or shop/cart-6d9f, or a uid"

// parsePod refuses what no pod can be called.
func parsePod(text string) (string, error) {
	namespace, name, qualified := strings.Cut(text, "/")
	if qualified && (namespace == "" || name == "" || strings.Contains(name, "/")) {
		return "", fmt.Errorf("bad pod %q: want %s (a container of a pod goes to the container filter)", text, acceptedPods)
	}
	return text, nil
}

var unitTypes = []string{".service", ".scope", ".slice", ".socket", ".mount", ".swap"}

func parseUnit(text string) (string, error) {
	if strings.Contains(text, "/") {
		return "", fmt.Errorf("bad unit %q: want a name such as nginx.service (paths go to the control group filter)", text)
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
