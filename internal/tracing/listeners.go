package tracing

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"io"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/owner"
	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// listenersFor is how long a reading counts.
const listenersFor = 100 * time.Millisecond

// listeners are the listening sockets of this process's own network namespace. A nil
// one knows of none.
type listeners struct {
	folder string // with the files tcp and tcp6
	netns  uint32 // inode number
	at     time.Time
	known  map[netip.AddrPort]bool
	noted  notedListeners
	owners owner.Holders
}

// notedListeners are those of all namespaces, as the kernel side has noted them.
type notedListeners struct {
	read  func() ([]probe.Listener, error) // nil: not known
	at    time.Time
	known map[uint32]map[netip.AddrPort]event.SocketRef // by inode number of the namespace
}

// in are the listeners of a namespace. What cannot be read is not known.
func (o *notedListeners) in(netns uint32, now time.Time) map[netip.AddrPort]event.SocketRef {
	if o.read == nil {
		return nil
	}
	if now.Sub(o.at).Abs() >= listenersFor {
		o.refresh()
		o.at = now
	}
	return o.known[netns]
}

func (o *notedListeners) refresh() {
	o.known = make(map[uint32]map[netip.AddrPort]event.SocketRef)
	listening, err := o.read()
	if err != nil {
		return
	}
	for _, l := range listening {
		if o.known[l.Netns] == nil {
			o.known[l.Netns] = make(map[netip.AddrPort]event.SocketRef)
		}
		o.known[l.Netns][l.At] = l.Socket
	}
}

// openListeners returns nil if the own namespace cannot be told.
func openListeners(proc string) *listeners {
	var stat unix.Stat_t
	if err := unix.Stat(filepath.Join(proc, "self/ns/net"), &stat); err != nil {
		return nil
	}
	return &listeners{folder: filepath.Join(proc, "self/net"), netns: uint32(stat.Ino)}
}

// complete says of a refused connection whether something listens where it was
// to go. It does so only if that is this host for certain, and the other end has
// no event that says more.
func (l *listeners) complete(e *event.Event, now time.Time) {
	if l == nil || e.Cause != cause.Refused || e.PeerEvent != 0 || e.Kernel.OtherEndCause != "" || e.Netns.Inode != l.netns {
		return
	}
	peer := e.Peer.Addr.Unmap()
	if !peer.IsLoopback() && peer != e.Local.Addr.Unmap() {
		return
	}
	l.refresh(now)
	anyAddress := netip.IPv4Unspecified()
	if peer.Is6() {
		anyAddress = netip.IPv6Unspecified()
	}
	e.Kernel.PeerListens = l.known[netip.AddrPortFrom(peer, e.Peer.Port)] || l.known[netip.AddrPortFrom(anyAddress, e.Peer.Port)]
}

// completeClosedPort says of a SYN that found nobody who listened there before, and where
// else on this host somebody listens on that port, and who.
func (l *listeners) completeClosedPort(e *event.Event, now time.Time) {
	if e.Cause != cause.ClosedPort {
		return
	}
	e.FormerListener = formerListener(e)
	// A listener that was there a moment ago may be there again by now, as all addresses.
	if l == nil || e.FormerListener != (event.FormerListener{}) {
		return
	}
	if e.Netns.Inode != l.netns {
		e.Elsewhere.Endpoint = elsewhere(l.noted.in(e.Netns.Inode, now), e.Local)
	} else {
		l.refresh(now)
		e.Elsewhere.Endpoint = elsewhere(l.known, e.Local)
	}
	if e.Elsewhere.Port != 0 {
		noted := l.noted.in(e.Netns.Inode, now)
		who := l.owners.Of(noted[e.Elsewhere.AddrPort()], maps.Values(noted), now)
		e.Elsewhere.PID, e.Elsewhere.Comm = who.PID, who.Comm
	}
}

// formerListener is what the notes of listeners have.
func formerListener(e *event.Event) event.FormerListener {
	closing, closer := &e.Kernel.Closing, &e.Kernel.Closer
	if closing.From != event.StateListen || closing.Ago <= 0 {
		return event.FormerListener{}
	}
	former := event.FormerListener{AgoMillis: millis(closing.Ago)}
	if closer.Known() && !closer.Kernel {
		former.PID, former.Comm = closer.PID, closer.Comm
		former.Ended, former.KilledBy = owner.EndedOf(*closer), closer.KilledBy
	}
	return former
}

// elsewhere is an address, the lowest, at which a socket listens on the port of at, and
// which is not at. It is the zero endpoint if there is none, or one has begun that at
// belongs to.
func elsewhere[T any](known map[netip.AddrPort]T, at event.Endpoint) (other event.Endpoint) {
	addr := at.Addr.Unmap()
	for listening := range known {
		switch found := listening.Addr(); {
		case listening.Port() != at.Port:
		case found == addr, found.IsUnspecified() && found.Is4() == addr.Is4():
			return event.Endpoint{}
		case !other.Addr.IsValid() || found.Less(other.Addr):
			other = event.Endpoint{Addr: found, Port: at.Port}
		}
	}
	return other
}

// refresh reads the listeners again if the last reading is too old.
func (l *listeners) refresh(now time.Time) {
	if now.Sub(l.at).Abs() >= listenersFor {
		l.read()
		l.at = now
	}
}

func (l *listeners) read() {
	l.known = make(map[netip.AddrPort]bool)
	for _, name := range []string{"tcp", "tcp6"} {
		file, err := os.Open(filepath.Join(l.folder, name))
		if err != nil {
			continue // no IPv6
		}
		readListeners(file, l.known)
		file.Close()
	}
}

// readListeners reads as far as listening sockets go: the kernel shows them first,
// so that other sockets cost nothing.
func readListeners(file io.Reader, known map[netip.AddrPort]bool) {
	const local, state, listen = 1, 3, "0A"
	lines := bufio.NewScanner(file)
	lines.Scan() // names of columns
	for lines.Scan() {
		fields := bytes.Fields(lines.Bytes())
		if len(fields) <= state || string(fields[state]) != listen {
			return
		}
		if at, ok := parseSocketAddress(fields[local]); ok {
			known[at] = true
		}
	}
}

// parseSocketAddress reads "0100007F:1F90": the port in network order, the address in words as
// they are in memory.
func parseSocketAddress(text []byte) (netip.AddrPort, bool) {
	address, port, found := bytes.Cut(text, []byte(":"))
	if !found {
		return netip.AddrPort{}, false
	}
	words, err := hex.AppendDecode(nil, address)
	number, portErr := hex.AppendDecode(nil, port)
	if err != nil || portErr != nil || len(number) != 2 || len(words)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(words); i += 4 { // both architectures are little-endian
		words[i], words[i+1], words[i+2], words[i+3] = words[i+3], words[i+2], words[i+1], words[i]
	}
	addr, ok := netip.AddrFromSlice(words)
	return netip.AddrPortFrom(addr.Unmap(), uint16(number[0])<<8|uint16(number[1])), ok
}
