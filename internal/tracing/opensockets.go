package tracing

import (
	"bufio"
	"bytes"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// openSocketsShare is the pause behind a search, in times that it took: a search costs
	// 1 % of a core at most.
	openSocketsShare = 99
	// openSocketsMax is how much of one list of sockets is read: about 7 000 of them.
	openSocketsMax = 1 << 20
	// openSocketsTime is how long a search may take: events wait for it. If a host has so
	// many processes that it takes longer, nothing is known.
	openSocketsTime = 50 * time.Millisecond
)

// openSockets looks for the other end of a connection in the network namespaces of this
// host. Nil openSockets find nothing.
type openSockets struct {
	proc string
	own  uint32    // this process's namespace
	next time.Time // no search before
	now  func() time.Time
}

func openOpenSockets(proc string) *openSockets {
	inode, err := netnsOf(filepath.Join(proc, "self"))
	if err != nil {
		return nil
	}
	return &openSockets{proc: proc, own: inode, now: time.Now}
}

// netnsOf is the namespace of a process by its folder.
func netnsOf(folder string) (uint32, error) {
	link, err := os.Readlink(filepath.Join(folder, "ns/net"))
	if err != nil {
		return 0, err
	}
	inode, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(link, "net:["), "]"), 10, 32)
	return uint32(inode), err
}

// peerIsOpen reports whether the end that a RST names as its sender is on this host and
// still has its connection. It does not if a new connection has taken the ports.
func (o *openSockets) peerIsOpen(e *event.Event) bool {
	if o == nil || o.now().Before(o.next) {
		return false
	}
	begun := o.now()
	found := o.lookFor(e, begun.Add(openSocketsTime))
	ended := o.now()
	o.next = ended.Add(openSocketsShare * ended.Sub(begun))
	return found
}

// lookFor gives up at the deadline: what was not searched may have a second such end.
func (o *openSockets) lookFor(e *event.Event, deadline time.Time) bool {
	peers, again := 0, false
	for inode, folder := range o.namespaces(e, deadline) {
		if o.now().After(deadline) {
			return false
		}
		peer, own := o.search(folder, e)
		if now, err := netnsOf(folder); err != nil || now != inode {
			continue // it ended, or went elsewhere, meanwhile
		}
		if peer {
			peers++
		}
		again = again || own
	}
	return peers == 1 && !again
}

// namespaces are those in which the peer may be, each with the folder of a process in it.
// What stays within a namespace is looked for there only. There are none if it takes too
// long to find them.
func (o *openSockets) namespaces(e *event.Event, deadline time.Time) map[uint32]string {
	if sameNetns(e) && e.Netns.Inode == o.own {
		return map[uint32]string{o.own: filepath.Join(o.proc, "self")}
	}
	return o.walk(func(inode uint32) bool { return !sameNetns(e) || inode == e.Netns.Inode }, deadline)
}

// walk lists the namespaces that are wanted, each with the folder of a process in it. There
// are none if it takes too long.
func (o *openSockets) walk(wanted func(inode uint32) bool, deadline time.Time) map[uint32]string {
	found := make(map[uint32]string)
	folder, err := os.Open(o.proc)
	if err != nil {
		return nil
	}
	names, _ := folder.Readdirnames(-1)
	folder.Close()
	for _, name := range names {
		if name[0] < '0' || name[0] > '9' {
			continue
		}
		if o.now().After(deadline) {
			return nil
		}
		process := filepath.Join(o.proc, name)
		inode, err := netnsOf(process)
		if err != nil || !wanted(inode) {
			continue
		}
		if _, known := found[inode]; !known {
			found[inode] = process
		}
	}
	return found
}

// sameNetns reports whether the two ends are in one namespace by their addresses.
func sameNetns(e *event.Event) bool {
	return e.Peer.Addr.IsLoopback() || e.Peer.Addr == e.Local.Addr
}

// search looks for both ends of a connection among the sockets of a namespace.
func (o *openSockets) search(process string, e *event.Event) (peer, own bool) {
	local, remote := addrPort(e.Local), addrPort(e.Peer)
	for _, name := range []string{"tcp", "tcp6"} {
		file, err := os.Open(filepath.Join(process, "net", name))
		if err != nil {
			continue // no IPv6
		}
		for s := range tcpSockets(file) {
			switch {
			case s.local == remote && s.remote == local:
				peer = peer || s.open()
			case s.local == local && s.remote == remote:
				own = own || s.open()
			}
		}
		file.Close()
	}
	return peer, own
}

func addrPort(end event.Endpoint) netip.AddrPort {
	return netip.AddrPortFrom(end.Addr.Unmap(), end.Port)
}

// tcpSocket is a line of /proc/net/tcp.
type tcpSocket struct {
	local, remote netip.AddrPort
	state         string
}

// open reports whether the socket has a connection and has not sent a RST for it: the
// kernel closes a socket when it does. It is neither closing nor a TIME_WAIT mini-socket.
func (s *tcpSocket) open() bool {
	const established, closeWait = "01", "08"
	return s.state == established || s.state == closeWait
}

// tcpSockets yields the sockets of a file like /proc/net/tcp, as far as that is read.
func tcpSockets(file io.Reader) func(yield func(tcpSocket) bool) {
	const local, remote, state = 1, 2, 3
	return func(yield func(tcpSocket) bool) {
		lines := bufio.NewScanner(io.LimitReader(file, openSocketsMax))
		lines.Scan() // names of columns
		for lines.Scan() {
			fields := bytes.Fields(lines.Bytes())
			if len(fields) <= state {
				return
			}
			here, okHere := parseSocketAddress(fields[local])
			there, okThere := parseSocketAddress(fields[remote])
			if okHere && okThere && !yield(tcpSocket{here, there, string(fields[state])}) {
				return
			}
		}
	}
}
