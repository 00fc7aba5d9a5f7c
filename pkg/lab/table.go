package lab

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// tableEntry is a line of /proc/net/tcp: the only view, without a kernel
// module, of sockets that no descriptor refers to any more.
type tableEntry struct {
	local, peer netip.AddrPort
	state       event.State
	miniSocket  bool // a TIME_WAIT mini-socket, whatever its state
}

// parseTable reads the format of /proc/net/tcp and tcp6.
func parseTable(r io.Reader) ([]tableEntry, error) {
	var entries []tableEntry
	lines := bufio.NewScanner(r)
	lines.Scan() // headings
	for lines.Scan() {
		entry, err := parseTableLine(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("socket table line %q: %w", lines.Text(), err)
		}
		entries = append(entries, entry)
	}
	return entries, lines.Err()
}

func parseTableLine(line string) (entry tableEntry, err error) {
	// sl local_address rem_address st tx_queue:rx_queue tr:tm->when ...
	const wanted = 6
	fields := strings.Fields(line)
	if len(fields) < wanted {
		return entry, fmt.Errorf("%d fields, want at least %d", len(fields), wanted)
	}
	if entry.local, err = parseTableAddress(fields[1]); err != nil {
		return entry, err
	}
	if entry.peer, err = parseTableAddress(fields[2]); err != nil {
		return entry, err
	}
	state, err := strconv.ParseUint(fields[3], 16, 8)
	if err != nil {
		return entry, fmt.Errorf("state: %w", err)
	}
	entry.state = event.State(state)
	// The kernel prints timer 3 for mini-sockets and for nothing else.
	entry.miniSocket = strings.HasPrefix(fields[5], "03:")
	return entry, nil
}

// parseTableAddress reads "0100007F:1F90": 32-bit words as the CPU orders
// them, then the port.
func parseTableAddress(text string) (netip.AddrPort, error) {
	addrText, portText, ok := strings.Cut(text, ":")
	port, err := strconv.ParseUint(portText, 16, 16)
	if !ok || err != nil {
		return netip.AddrPort{}, fmt.Errorf("address %q: bad port", text)
	}
	raw, err := hex.DecodeString(addrText)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("address %q: %w", text, err)
	}
	for i := 0; i+4 <= len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	addr, ok := netip.AddrFromSlice(raw)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("address %q: %d bytes", text, len(raw))
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), nil
}

// lookUp finds a connection in the table of the named end's namespace.
func (e *Env) lookUp(end string, local, peer event.Endpoint) (found tableEntry, ok bool) {
	path := "/proc/thread-self/net/tcp"
	if e.Family == event.IPv6 {
		path += "6"
	}
	e.must(e.namespace(end).Do(func() error {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		entries, err := parseTable(file)
		for _, entry := range entries {
			if entry.local == local.AddrPort() && entry.peer == peer.AddrPort() {
				found, ok = entry, true
			}
		}
		return err
	}))
	return found, ok
}

// orphanSettles is how long a full socket must have been in FIN_WAIT2 to stay
// one: the kernel needs a moment to put a mini-socket in its place.
const orphanSettles = 200 * time.Millisecond

// AwaitFinWait2 waits until a closed connection is in FIN_WAIT2, and returns
// what is left of it: mostly a mini-socket. When the FIN is acknowledged while
// close still holds the socket, it stays a full one instead (an orphan).
func (e *Env) AwaitFinWait2(end string, local, peer event.Endpoint) (left event.SockKind) {
	var since time.Time
	e.Await(fmt.Sprintf("the closed socket %s is in FIN_WAIT2", local), func() bool {
		entry, ok := e.lookUp(end, local, peer)
		switch {
		case !ok || entry.state != event.StateFinWait2:
			return false
		case entry.miniSocket:
			left = event.SockTimeWait
			return true
		case since.IsZero():
			since = time.Now()
		}
		left = event.SockFull
		return time.Since(since) > orphanSettles
	})
	return left
}

// AwaitOrphan waits until a closed connection is a full socket in the given
// state.
func (e *Env) AwaitOrphan(end string, local, peer event.Endpoint, state event.State) {
	e.awaitClosed(end, local, peer, tableEntry{state: state})
}

// AwaitMiniSocket waits until a closed connection is a mini-socket in the given
// state. It is for a close that returned before the FIN was acknowledged: see
// AwaitFinWait2.
func (e *Env) AwaitMiniSocket(end string, local, peer event.Endpoint, state event.State) {
	e.awaitClosed(end, local, peer, tableEntry{state: state, miniSocket: true})
}

func (e *Env) awaitClosed(end string, local, peer event.Endpoint, want tableEntry) {
	e.Await(fmt.Sprintf("the closed socket %s is in %s", local, want.state), func() bool {
		entry, ok := e.lookUp(end, local, peer)
		return ok && entry.state == want.state && entry.miniSocket == want.miniSocket
	})
}

// AwaitGone waits until the kernel has forgotten a connection.
func (e *Env) AwaitGone(end string, local, peer event.Endpoint) {
	e.Await(fmt.Sprintf("the kernel forgot %s", local), func() bool {
		_, ok := e.lookUp(end, local, peer)
		return !ok
	})
}
