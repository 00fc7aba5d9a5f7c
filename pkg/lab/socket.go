package lab

import (
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/actor"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Actor is one process of a scenario. Its methods end the scenario when they
// fail in a way that is not the point of it.
type Actor struct {
	env *Env
	at  *actorAt
}

// Name is the actor's name, as in Expectation.Owner.
func (a *Actor) Name() string { return a.at.Name }

func (a *Actor) call(r actor.Request) actor.Reply {
	began := time.Now()
	reply, err := a.at.Call(r)
	a.env.slowestCall = max(a.env.slowestCall, time.Since(began))
	a.env.must(err)
	return reply
}

// mustCall is call for what has no business to fail.
func (a *Actor) mustCall(r actor.Request) actor.Reply {
	reply := a.call(r)
	if reply.Errno != "" {
		a.env.Failf("%s: %s: %s", a.Name(), r.Op, reply.Errno)
	}
	return reply
}

// DieOfSIGPIPE gives SIGPIPE back its default action.
func (a *Actor) DieOfSIGPIPE() { a.mustCall(actor.Request{Op: actor.OpSIGPIPE}) }

// Exit makes the process end by itself and returns its status.
func (a *Actor) Exit(code int) Status {
	return a.callToEnd(actor.Request{Op: actor.OpExit, N: code})
}

// Kill is kill -9.
func (a *Actor) Kill() Status { return Status(a.at.Kill()) }

// callToEnd makes a call that the process must not survive.
func (a *Actor) callToEnd(r actor.Request) Status {
	if reply, err := a.at.Call(r); err == nil {
		a.env.Failf("%s: %s should have ended the process, it gave %q", a.Name(), r.Op, reply.Errno)
	}
	status, err := a.at.Wait(a.env.ctx)
	a.env.must(err)
	return Status(status)
}

// Socket is a TCP socket of an actor.
type Socket struct {
	actor *Actor
	fd    int
	to    netip.AddrPort // where it was last told to connect
}

// Socket makes a socket of the scenario's address family.
func (a *Actor) Socket() *Socket { return a.socketOf(unix.IPPROTO_TCP) }

func (a *Actor) socketOf(protocol int) *Socket {
	family := unix.AF_INET
	if a.env.Family == event.IPv6 {
		family = unix.AF_INET6
	}
	reply := a.call(actor.Request{Op: actor.OpSocket, Family: family, N: protocol})
	switch reply.Errno {
	case "":
	case "EPROTONOSUPPORT", "ENOPROTOOPT":
		a.env.fail(unavailable(fmt.Sprintf("protocol %d", protocol), "this kernel does not have it"))
	default:
		a.env.Failf("%s: socket: %s", a.Name(), reply.Errno)
	}
	return &Socket{actor: a, fd: reply.FD}
}

func unavailable(what, why string) error { return fmt.Errorf("%s: %w (%s)", what, ErrUnavailable, why) }

// Listen makes a listening socket.
func (a *Actor) Listen(at netip.AddrPort, backlog int) *Socket {
	s := a.Socket()
	s.Bind(at)
	s.listen(backlog)
	return s
}

func (s *Socket) listen(backlog int) { s.must(actor.Request{Op: actor.OpListen, N: backlog}) }

// Destroy ends another process's socket, as `ss -K` does. For a listener peer is
// the zero endpoint. It returns what the kernel said.
func (a *Actor) Destroy(local, peer event.Endpoint) Result {
	reply := a.call(actor.Request{Op: actor.OpDestroy, Addr: local.AddrPort(), Peer: peer.AddrPort()})
	if reply.Errno == "EOPNOTSUPP" {
		a.env.fail(unavailable("SOCK_DESTROY", "CONFIG_INET_DIAG_DESTROY is off in this kernel"))
	}
	return Result{Errno: reply.Errno}
}

// Result is what a read, write or connect gave.
type Result struct {
	N     int
	Errno string
}

// EOF is what a read gives at the end of the stream.
var EOF = Result{}

func (r Result) String() string {
	if r.Errno != "" {
		return r.Errno
	}
	return fmt.Sprint(r.N)
}

func (s *Socket) do(r actor.Request) Result {
	r.FD = s.fd
	reply := s.actor.call(r)
	return Result{N: max(reply.N, 0), Errno: reply.Errno}
}

func (s *Socket) must(r actor.Request) actor.Reply {
	r.FD = s.fd
	return s.actor.mustCall(r)
}

func (s *Socket) Bind(to netip.AddrPort) { s.must(actor.Request{Op: actor.OpBind, Addr: to}) }
func (s *Socket) Close()                 { s.must(actor.Request{Op: actor.OpClose}) }

// Shutdown takes a SHUT_ constant.
func (s *Socket) Shutdown(how int) { s.must(actor.Request{Op: actor.OpShutdown, N: how}) }

// LingerZero makes close abortive: SO_LINGER {1,0}.
func (s *Socket) LingerZero() { s.must(actor.Request{Op: actor.OpLinger}) }

func (s *Socket) Accept() *Socket {
	return &Socket{actor: s.actor, fd: s.must(actor.Request{Op: actor.OpAccept}).FD}
}

func (s *Socket) Connect(to netip.AddrPort) Result {
	s.to = to
	return s.do(actor.Request{Op: actor.OpConnect, Addr: to})
}

func (s *Socket) Write(bytes int) Result { return s.do(actor.Request{Op: actor.OpWrite, N: bytes}) }

// WriteNoSignal writes with MSG_NOSIGNAL.
func (s *Socket) WriteNoSignal(bytes int) Result {
	return s.do(actor.Request{Op: actor.OpWrite, N: bytes, Flags: unix.MSG_NOSIGNAL})
}

// WriteToDeath makes a write that the process must not survive.
func (s *Socket) WriteToDeath(bytes int) Status {
	return s.actor.callToEnd(actor.Request{Op: actor.OpWrite, FD: s.fd, N: bytes})
}

// Read reads up to a buffer full.
func (s *Socket) Read() Result { return s.do(actor.Request{Op: actor.OpRead, N: readBytes}) }

const readBytes = 4096

// peek says how many bytes wait to be read, as a read would return them.
func (s *Socket) peek() int {
	return s.do(actor.Request{Op: actor.OpRead, N: readBytes, Flags: unix.MSG_PEEK | unix.MSG_DONTWAIT}).N
}

// PendingError is SO_ERROR: it is read and cleared.
func (s *Socket) PendingError() Result { return s.do(actor.Request{Op: actor.OpSocketError}) }

// Local is the socket's own end.
func (s *Socket) Local() event.Endpoint {
	addr := s.must(actor.Request{Op: actor.OpLocalName}).Addr
	return event.Endpoint{Addr: addr.Addr(), Port: addr.Port()}
}

func (s *Socket) info() actor.Info { return s.must(actor.Request{Op: actor.OpInfo}).Info }

// AwaitState waits until the kernel has the socket in this TCP state.
func (s *Socket) AwaitState(state event.State) {
	s.actor.env.Await(fmt.Sprintf("%s's socket is in %s", s.actor.Name(), state), func() bool {
		return s.info().State == uint8(state)
	})
}

// AwaitUnread waits until so many bytes wait to be read.
func (s *Socket) AwaitUnread(bytes int) {
	s.actor.env.Await(fmt.Sprintf("%d bytes reached %s", bytes, s.actor.Name()), func() bool {
		return s.info().Unread == bytes
	})
}

// AwaitAcknowledged waits until the peer has acknowledged everything.
func (s *Socket) AwaitAcknowledged() {
	s.actor.env.Await("the peer acknowledged what "+s.actor.Name()+" sent", func() bool {
		return s.info().Unacked == 0
	})
}

// AwaitQueue waits until so many finished connections wait in a listener's
// accept queue.
func (s *Socket) AwaitQueue(connections int) {
	s.actor.env.Await(fmt.Sprintf("%d connections are queued at %s", connections, s.actor.Name()), func() bool {
		return s.info().Unacked == uint32(connections)
	})
}

// want fails the scenario when an application saw something else than it must.
func (s *Socket) want(what string, got, want Result) {
	if got != want {
		s.actor.env.Failf("%s of %s gave %s, not %s", what, s.actor.Name(), got, want)
	}
}

// WantRead reads and checks the result.
func (s *Socket) WantRead(want Result) { s.want("read", s.Read(), want) }

// WantWrite writes, without a signal, and checks the result.
func (s *Socket) WantWrite(bytes int, want Result) { s.want("write", s.WriteNoSignal(bytes), want) }

// Send writes so many bytes, all of them.
func (s *Socket) Send(bytes int) { s.WantWrite(bytes, Result{N: bytes}) }
