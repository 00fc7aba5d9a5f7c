package lab

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/actor"
)

// What scenarios do with processes that share sockets, and pass them on.

// Spawn forks. The child has the sockets, too.
func (a *Actor) Spawn(name string, sockets ...*Socket) (child *Actor, inherited []*Socket) {
	p, fds, err := a.at.Spawn(name, descriptors(sockets)...)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		err = unavailable("pidfd_getfd", err.Error())
	}
	a.env.must(err)
	child = a.env.join(p, a.at.namespace)
	for _, fd := range fds {
		inherited = append(inherited, &Socket{actor: child, fd: fd})
	}
	return child, inherited
}

func descriptors(sockets []*Socket) (fds []int) {
	for _, s := range sockets {
		fds = append(fds, s.fd)
	}
	return fds
}

// KillChild is kill -9 for a spawned process.
func (a *Actor) KillChild(child *Actor) Status {
	child.Kill()
	status, err := a.at.WaitFor(child.at.Process)
	a.env.must(err)
	return Status(status)
}

// Exec makes the process another program; it keeps the sockets.
func (a *Actor) Exec(name string, sockets ...*Socket) {
	a.env.must(a.at.Exec(name, descriptors(sockets)...))
}

// Comm is what the process is called now.
func (a *Actor) Comm() string { return a.at.Comm }

// Pair makes two ends of a Unix socket.
func (a *Actor) Pair() (one, other *Socket) {
	fds := a.mustCall(actor.Request{Op: actor.OpPair}).FDs
	return &Socket{actor: a, fd: fds[0]}, &Socket{actor: a, fd: fds[1]}
}

// Pass sends sockets over a Unix socket.
func (s *Socket) Pass(sockets ...*Socket) {
	s.must(actor.Request{Op: actor.OpPass, FDs: descriptors(sockets)})
}

// Receive takes a socket that was passed.
func (s *Socket) Receive() *Socket {
	return &Socket{actor: s.actor, fd: s.must(actor.Request{Op: actor.OpReceive}).FDs[0]}
}

// CloseInThread closes in a second thread, and returns its id.
func (s *Socket) CloseInThread() (tid int) {
	return s.must(actor.Request{Op: actor.OpClose, Thread: true}).TID
}

// EndThread ends a thread that alone had the socket, and returns its id.
func (s *Socket) EndThread() (tid int) { return s.must(actor.Request{Op: actor.OpEndThread}).TID }

// CloseByRing closes through io_uring, with IOSQE_ flags, and returns the id of
// the thread that the kernel made in the process for that, 0 if it made none.
func (s *Socket) CloseByRing(flags int) (tid int) {
	return s.ringCall(actor.Request{Op: actor.OpRingClose, Flags: flags}).TID
}

// MoveToRing lets an io_uring have the socket instead of the file table.
func (s *Socket) MoveToRing() {
	s.ringCall(actor.Request{Op: actor.OpRingInstall})
	s.Close()
}

func (s *Socket) ringCall(r actor.Request) actor.Reply {
	r.FD = s.fd
	reply := s.actor.call(r)
	switch reply.Errno {
	case "":
	case "ENOSYS", "EPERM": // CONFIG_IO_URING, kernel.io_uring_disabled
		s.actor.env.fail(unavailable("io_uring", reply.Errno+": not in this kernel, or not allowed"))
	default:
		s.actor.env.Failf("%s: %s: %s", s.actor.Name(), r.Op, reply.Errno)
	}
	return reply
}

// Pin binds the process to a CPU.
func (a *Actor) Pin(cpu int) { a.mustCall(actor.Request{Op: actor.OpPin, N: cpu}) }

// Busy makes the process use all of its CPU.
func (a *Actor) Busy() { a.mustCall(actor.Request{Op: actor.OpBusy}) }

// someCPU is one that this process may use.
func (e *Env) someCPU() int {
	var allowed unix.CPUSet
	e.must(unix.SchedGetaffinity(0, &allowed))
	cpu := 0
	for !allowed.IsSet(cpu) {
		cpu++
	}
	return cpu
}
