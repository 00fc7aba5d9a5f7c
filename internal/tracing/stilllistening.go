package tracing

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// stillListening looks what listens where a listener was closed. Without sockets it finds
// nothing.
type stillListening struct {
	sockets *openSockets
	next    time.Time // no search before
	place   listenerAt
	at      time.Time // when it was looked at
	last    event.StillListening
}

// listenerAt is where a socket listens.
type listenerAt struct {
	netns uint32
	at    netip.AddrPort
}

// lookHolds is for how long before a look its events may have come. Where the clock was set
// back it is more.
const lookHolds = 10 * time.Second

// complete adds to an event of a closed listener what still listens there. All connections
// of one queue end in one moment, so one look behind them is enough.
func (s *stillListening) complete(e *event.Event) {
	if s.sockets == nil || e.Cause != cause.ListenerClosed {
		return
	}
	place := listenerAt{e.Netns.Inode, addrPort(e.Local)}
	begun := s.sockets.now()
	if since := s.at.Sub(e.Time); s.place != place || since < 0 || since > lookHolds {
		if begun.Before(s.next) {
			return
		}
		s.place, s.at, s.last = place, begun, s.look(e, begun.Add(openSocketsTime))
		ended := s.sockets.now()
		s.next = ended.Add(openSocketsShare * ended.Sub(begun))
	}
	e.StillListening = s.last
}

func (s *stillListening) look(e *event.Event, deadline time.Time) event.StillListening {
	folder := s.sockets.folderOf(e.Netns.Inode, e.Owner.PID, deadline)
	if folder == "" {
		return event.StillListening{}
	}
	found, ok := listenersAt(folder, addrPort(e.Local))
	if inode, err := netnsOf(folder); err != nil || inode != e.Netns.Inode || !ok {
		return event.StillListening{} // it ended, or went elsewhere, meanwhile
	}
	return event.StillListening{Known: true, Sockets: found}
}

// listenersAt counts the sockets that listen on an address, or on all of them.
func listenersAt(folder string, at netip.AddrPort) (found uint32, ok bool) {
	const listen = "0A"
	for _, name := range []string{"tcp", "tcp6"} {
		file, err := os.Open(filepath.Join(folder, "net", name))
		if err != nil {
			continue // no IPv6
		}
		ok = true
		for s := range tcpSockets(file) {
			if s.state != listen {
				break // the kernel shows listeners first
			}
			if s.local.Port() == at.Port() && (s.local.Addr() == at.Addr() || s.local.Addr().IsUnspecified()) {
				found++
			}
		}
		file.Close()
	}
	return found, ok
}

// folderOf is the folder of a process in a network namespace, "" if none is found. The
// process of an owner is asked first.
func (o *openSockets) folderOf(netns, pid uint32, deadline time.Time) string {
	if netns == o.own {
		return filepath.Join(o.proc, "self")
	}
	folder := filepath.Join(o.proc, strconv.FormatUint(uint64(pid), 10))
	if inode, err := netnsOf(folder); pid != 0 && err == nil && inode == netns {
		return folder
	}
	for inode, folder := range o.walk(func(inode uint32) bool { return inode == netns }, deadline) {
		if inode == netns {
			return folder
		}
	}
	return ""
}
