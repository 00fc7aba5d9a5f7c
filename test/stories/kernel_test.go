package stories

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/rsttrace/rsttrace/internal/audit"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// outRsts is the kernel's own count of the RSTs that a host has sent.
func (h *host) outRsts() uint64 {
	h.story.Helper()
	var counters audit.Snapshot
	h.story.must(h.ns.Do(func() (err error) { counters, err = audit.OfThread(); return }))
	return counters["TcpOutRsts"]
}

// socket is a line of /proc/net/tcp.
type socket struct {
	local, peer netip.AddrPort
	state       event.State
	unacked     uint64 // written and not yet acknowledged
	unread      uint64 // received and not yet read; of a listener: connections to accept
}

// sockets lists the TCP sockets of a host.
func (h *host) sockets() []socket {
	h.story.Helper()
	var text []byte
	h.story.must(h.ns.Do(func() (err error) { text, err = os.ReadFile("/proc/thread-self/net/tcp"); return }))
	var all []socket
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if i == 0 {
			continue
		}
		s, err := parseSocket(strings.Fields(line))
		h.story.must(err)
		all = append(all, s)
	}
	return all
}

// parseSocket reads "0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 ...".
func parseSocket(fields []string) (s socket, err error) {
	const wanted = 5
	if len(fields) < wanted {
		return s, fmt.Errorf("/proc/net/tcp: %q", fields)
	}
	if s.local, err = parseAddress(fields[1]); err != nil {
		return s, err
	}
	if s.peer, err = parseAddress(fields[2]); err != nil {
		return s, err
	}
	state, err := strconv.ParseUint(fields[3], 16, 8)
	if err != nil {
		return s, err
	}
	s.state = event.State(state)
	_, err = fmt.Sscanf(fields[4], "%x:%x", &s.unacked, &s.unread)
	return s, err
}

// parseAddress reads an IPv4 address as the kernel's %08X prints it, and a port.
func parseAddress(text string) (netip.AddrPort, error) {
	addr, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(addr)
	if err != nil || len(raw) != 4 {
		return netip.AddrPort{}, fmt.Errorf("/proc/net/tcp: address %q", text)
	}
	number, err := strconv.ParseUint(port, 16, 16)
	var bytes [4]byte
	binary.NativeEndian.PutUint32(bytes[:], binary.BigEndian.Uint32(raw))
	return netip.AddrPortFrom(netip.AddrFrom4(bytes), uint16(number)), err
}

// awaitSocket returns once a host has a socket that fits.
func (h *host) awaitSocket(what string, fits func(socket) bool) (found socket) {
	h.story.Helper()
	h.story.await(what, func() bool {
		for _, s := range h.sockets() {
			if fits(s) {
				found = s
				return true
			}
		}
		return false
	})
	return found
}

func (h *host) awaitListener(port uint16) {
	h.story.Helper()
	h.awaitSocket(fmt.Sprintf("%s listens on port %d", h.name, port), func(s socket) bool {
		return s.state == event.StateListen && s.local.Port() == port
	})
}

// awaitState returns once a connection of this host with port, of either end,
// is in a state.
func (h *host) awaitState(port uint16, state event.State) socket {
	h.story.Helper()
	return h.awaitSocket(fmt.Sprintf("%s has a connection with port %d in %s", h.name, port, state), func(s socket) bool {
		return s.state == state && (s.local.Port() == port || s.peer.Port() == port)
	})
}

// awaitUnread returns once n bytes, or connections of a listener, wait at port.
func (h *host) awaitUnread(port uint16, state event.State, n uint64) {
	h.story.Helper()
	h.awaitSocket(fmt.Sprintf("%d wait at port %d of %s", n, port, h.name), func(s socket) bool {
		return s.state == state && s.local.Port() == port && s.unread == n
	})
}

// awaitAcknowledged returns once all that was written to the connection with
// port has reached the other end's kernel.
func (h *host) awaitAcknowledged(port uint16) {
	h.story.Helper()
	h.awaitSocket(fmt.Sprintf("all of %s is acknowledged by port %d", h.name, port), func(s socket) bool {
		return s.state == event.StateEstablished && s.peer.Port() == port && s.unacked == 0
	})
}

// kernelReports: the kernel has the tracepoint of socket errors, as from 5.14 on.
var kernelReports = func() bool {
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return false
	}
	_, err = kernel.AnyTypeByName("btf_trace_inet_sk_error_report")
	return err == nil
}()
