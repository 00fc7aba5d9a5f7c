package actor

import (
	"cmp"
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/sockdiag"
)

// callTimeoutSeconds ends any call that would block for ever. Generous: an
// emulated machine may be a hundred times slower than this one.
const callTimeoutSeconds = 30

// operations is what an actor can do, by name; message.go says which fields
// each one uses.
var operations = map[Op]func(Request) (Reply, error){
	OpSocket:  socket,
	OpConnect: connect,
	OpAccept:  accept,
	OpInfo:    info,
	OpPoll:    poll,
	OpWrite: func(r Request) (Reply, error) {
		n, err := retry(func() (int, error) { return unix.SendmsgN(r.FD, make([]byte, r.N), nil, nil, r.Flags) })
		return Reply{N: n}, err
	},
	OpRead: func(r Request) (Reply, error) {
		n, err := retry(func() (int, error) {
			n, _, err := unix.Recvfrom(r.FD, make([]byte, r.N), r.Flags)
			return n, err
		})
		return Reply{N: max(n, 0)}, err
	},
	OpWriteCaught: writeCaught,
	OpBind:        func(r Request) (Reply, error) { return Reply{}, unix.Bind(r.FD, sockaddr(r.Addr)) },
	OpListen:      func(r Request) (Reply, error) { return Reply{}, unix.Listen(r.FD, r.N) },
	OpShutdown:    func(r Request) (Reply, error) { return Reply{}, unix.Shutdown(r.FD, r.N) },
	OpClose:       func(r Request) (Reply, error) { return Reply{}, unix.Close(r.FD) },
	OpLinger: func(r Request) (Reply, error) {
		linger := &unix.Linger{Onoff: 1, Linger: int32(r.N)}
		return Reply{}, unix.SetsockoptLinger(r.FD, unix.SOL_SOCKET, unix.SO_LINGER, linger)
	},
	OpSetOption: func(r Request) (Reply, error) {
		return Reply{}, unix.SetsockoptInt(r.FD, r.Level, r.Option, r.N)
	},
	OpGetOption: func(r Request) (Reply, error) {
		n, err := unix.GetsockoptInt(r.FD, r.Level, r.Option)
		return Reply{N: n}, err
	},
	OpSetBytes: func(r Request) (Reply, error) {
		return Reply{}, unix.SetsockoptString(r.FD, r.Level, r.Option, string(r.Data))
	},
	OpNonblock:   func(r Request) (Reply, error) { return Reply{}, unix.SetNonblock(r.FD, true) },
	OpDisconnect: func(r Request) (Reply, error) { return Reply{}, disconnect(r.FD) },
	OpDestroy:    func(r Request) (Reply, error) { return Reply{}, sockdiag.Destroy(r.Addr, r.Peer) },
	OpLocalName: func(r Request) (Reply, error) {
		sa, err := unix.Getsockname(r.FD)
		return Reply{Addr: addrPort(sa)}, err
	},
	OpSocketError: func(r Request) (Reply, error) {
		n, err := unix.GetsockoptInt(r.FD, unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil && n != 0 {
			err = unix.Errno(n)
		}
		return Reply{}, err
	},
	OpSIGPIPE: func(Request) (Reply, error) { return Reply{}, defaultSIGPIPE() },
	OpExit:    func(r Request) (Reply, error) { os.Exit(r.N); return Reply{}, nil },

	OpSpawn:       spawnChild,
	OpWait:        waitChild,
	OpExec:        func(r Request) (Reply, error) { return Reply{}, execAs(r.Name, r.FDs) },
	OpPair:        socketPair,
	OpPass:        func(r Request) (Reply, error) { return Reply{}, pass(r.FD, r.FDs) },
	OpReceive:     receive,
	OpBusy:        func(Request) (Reply, error) { return Reply{}, nil }, // serve does it
	OpUser:        func(r Request) (Reply, error) { return Reply{}, unix.Setuid(r.N) },
	OpPin:         func(r Request) (Reply, error) { return Reply{}, pin(r.N) },
	OpEndThread:   endThread,
	OpRingClose:   closeByRing,
	OpRingInstall: installInRing,
}

func socket(r Request) (Reply, error) {
	fd, err := unix.Socket(r.Family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, r.N)
	if err != nil {
		return Reply{}, err
	}
	if err := limitBlocking(fd); err != nil {
		unix.Close(fd)
		return Reply{}, err
	}
	return Reply{FD: fd}, nil
}

// limitBlocking makes connect, accept, read and write give up in the end.
func limitBlocking(fd int) error {
	limit := &unix.Timeval{Sec: callTimeoutSeconds}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, limit); err != nil {
		return err
	}
	return unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, limit)
}

func connect(r Request) (Reply, error) {
	// Not repeated after EINTR: a second connect would say EALREADY.
	return Reply{}, unix.Connect(r.FD, sockaddr(r.Addr))
}

// disconnect is connect with a bare AF_UNSPEC address, for which package unix
// has no type.
func disconnect(fd int) error {
	address := unix.RawSockaddr{Family: unix.AF_UNSPEC}
	_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&address)), unsafe.Sizeof(address))
	if errno != 0 {
		return errno
	}
	return nil
}

func accept(r Request) (Reply, error) {
	var peer unix.Sockaddr
	fd, err := retry(func() (fd int, err error) {
		fd, peer, err = unix.Accept4(r.FD, unix.SOCK_CLOEXEC)
		return fd, err
	})
	if err != nil {
		return Reply{}, err
	}
	return Reply{FD: fd, Addr: addrPort(peer)}, limitBlocking(fd)
}

func info(r Request) (Reply, error) {
	tcp, err := unix.GetsockoptTCPInfo(r.FD, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return Reply{}, err
	}
	reply := Reply{Info: Info{State: tcp.State, Unacked: tcp.Unacked}}
	const listening = 10
	if tcp.State != listening { // SIOCINQ is an error there
		reply.Info.Unread, err = unix.IoctlGetInt(r.FD, unix.SIOCINQ)
	}
	return reply, err
}

// writeCaught writes as a program does that never heard of MSG_NOSIGNAL, and
// takes the signal itself. The kernel sends it to the thread that writes.
func writeCaught(r Request) (Reply, error) {
	pipe := unix.Sigset_t{}
	pipe.Val[0] = 1 << (unix.SIGPIPE - 1)
	var before unix.Sigset_t
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &pipe, &before); err != nil {
		return Reply{}, err
	}
	n, failed := retry(func() (int, error) { return unix.SendmsgN(r.FD, make([]byte, r.N), nil, nil, 0) })
	var atOnce unix.Timespec
	signal, _, _ := unix.Syscall6(unix.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&pipe)), 0,
		uintptr(unsafe.Pointer(&atOnce)), unsafe.Sizeof(pipe.Val[0]), 0, 0)
	err := unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil)
	return Reply{N: max(n, 0), SIGPIPE: signal == uintptr(unix.SIGPIPE)}, cmp.Or(failed, err)
}

func poll(r Request) (Reply, error) {
	fds := []unix.PollFd{{Fd: int32(r.FD), Events: int16(r.Flags)}}
	_, err := retry(func() (int, error) { return unix.Poll(fds, r.N) })
	return Reply{N: int(uint16(fds[0].Revents))}, err
}

// defaultSIGPIPE takes SIGPIPE away from the Go runtime, which would swallow
// it: from now on it kills, as in a program that never thought of it. The
// all-zero sigaction is SIG_DFL on every architecture.
func defaultSIGPIPE() error {
	var action [8]uint64
	const maskBytes = 8
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGPIPE),
		uintptr(unsafe.Pointer(&action)), 0, maskBytes, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func bytePointer(text []byte) uintptr { return uintptr(unsafe.Pointer(&text[0])) }

func sockaddr(ap netip.AddrPort) unix.Sockaddr {
	if ap.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(ap.Port()), Addr: ap.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(ap.Port()), Addr: ap.Addr().As16()}
}

func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port))
	}
	return netip.AddrPort{}
}
