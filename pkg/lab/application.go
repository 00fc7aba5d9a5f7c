package lab

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/actor"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Call is a system call that gives a program the error of its socket, and takes
// it away: of several only the first gets it.
type Call string

const (
	CallRead    Call = "read"
	CallWrite   Call = "write"
	CallSOError Call = "SO_ERROR"
	// callConnect is made where a scenario says so.
	callConnect Call = "connect"
)

// Calls lists those that Options.FirstCall may be.
var Calls = []Call{CallRead, CallWrite, CallSOError}

// What applications get, as it is seen here, not as anybody says.
var (
	connReset   = atEnd("ECONNRESET")
	connAborted = atEnd("ECONNABORTED")
	timedOut    = atEnd("ETIMEDOUT")
	refused     = whileConnecting("ECONNREFUSED")
	brokenPipe  = hiddenFromRead("EPIPE")
	nobody      = event.App{}

	disconnected = event.App{
		Errno:      "ECONNRESET",
		Calls:      event.Calls{Poll: "OUT|ERR|HUP", SOError: "ECONNRESET", Read: "ECONNRESET", Write: "ECONNRESET"},
		AfterError: event.Calls{Poll: "OUT|HUP", SOError: "0", Read: "ENOTCONN", Write: "EPIPE", SIGPIPE: true},
	}
	// listenerAborted: somebody else ended the listening socket.
	listenerAborted = event.App{
		Calls:      event.Calls{Accept: "EINVAL", Poll: "IN|OUT|ERR|HUP|RDHUP", SOError: "ECONNABORTED"},
		AfterError: event.Calls{Accept: "EINVAL", Poll: "IN|OUT|HUP|RDHUP", SOError: "0"},
	}
)

// atEnd is what the end of a connection with an error gives.
func atEnd(errno string) event.App {
	return event.App{
		Errno:      errno,
		Calls:      event.Calls{Poll: "IN|OUT|ERR|HUP|RDHUP", SOError: errno, Read: errno, Write: errno},
		AfterError: event.Calls{Poll: "IN|OUT|HUP|RDHUP", SOError: "0", Read: "EOF", Write: "EPIPE", SIGPIPE: true},
	}
}

// hiddenFromRead is the same after the peer's FIN.
func hiddenFromRead(errno string) event.App {
	app := atEnd(errno)
	app.Calls.Read = "EOF"
	app.Calls.SIGPIPE = errno == "EPIPE"
	app.SIGPIPE = app.Calls.SIGPIPE
	return app
}

// whileConnecting is the end of an attempt to connect.
func whileConnecting(errno string) event.App {
	app := atEnd(errno)
	app.Calls.Connect = errno
	app.AfterError.Poll, app.AfterError.Read = "", "" // depends on who took the error
	return app
}

// withData is the application where bytes wait to be read.
func withData(app event.App) event.App {
	app.DataFirst = true
	return app
}

// inQueue is the application of a connection that is not accepted yet.
func inQueue(app event.App) event.App {
	app.Calls.Accept = "OK"
	return app
}

// WantApp makes the calls of an application after a reset, that of Options.FirstCall
// before the others, and checks what they give. poll takes nothing away and is
// asked before each of them.
func (s *Socket) WantApp(want event.App) { s.wantApp(want, s.actor.env.firstCall, 0) }

// WantAppAfter is WantApp where so many bytes wait to be read.
func (s *Socket) WantAppAfter(bytes int, want event.App) {
	s.wantApp(want, s.actor.env.firstCall, bytes)
}

func (s *Socket) wantApp(want event.App, first Call, waiting int) {
	e := s.actor.env
	e.probedCalls = true
	s.AwaitState(event.StateClose)
	now := want.Calls
	s.wantPoll(now.Poll)
	if waiting > 0 {
		s.want("read of what waits", s.Read(), Result{N: waiting})
		s.wantPoll(now.Poll)
	}
	var told []string
	for _, call := range inOrder(first) {
		due := resultOf(now, call)
		if due == "" {
			continue
		}
		got, signal := s.make(call)
		if got != due || signal != (call == CallWrite && now.SIGPIPE) {
			e.Failf("%s of %s gave %s, SIGPIPE %t, not %s (%s came first)", call, s.actor.Name(), got, signal, due, first)
		}
		told = append(told, tell(call, got, signal))
		if got == want.Errno {
			now = want.AfterError
		}
		s.wantPoll(now.Poll)
	}
	e.Stepf("%s %s", s.actor.Name(), strings.Join(told, ", "))
}

// wantPoll checks the flags of poll, if they are known.
func (s *Socket) wantPoll(want string) {
	if got := s.poll(); want != "" && got != want {
		s.actor.env.Failf("poll of %s gave %s, not %s", s.actor.Name(), got, want)
	}
}

// inOrder lists the calls with one of them first, and last again.
func inOrder(first Call) []Call {
	calls := []Call{first}
	for _, call := range Calls {
		if call != first {
			calls = append(calls, call)
		}
	}
	return append(calls, first)
}

func resultOf(c event.Calls, call Call) string {
	switch call {
	case CallRead:
		return c.Read
	case CallWrite:
		return c.Write
	case CallSOError:
		return c.SOError
	}
	return c.Connect
}

// make makes a call. What it gives is in the words of event.Calls, and whether
// it raised SIGPIPE.
func (s *Socket) make(call Call) (gave string, signal bool) {
	switch call {
	case CallRead:
		if got := s.Read(); got.Errno != "" || got.N > 0 {
			return got.String(), false
		}
		return "EOF", false
	case CallWrite:
		reply := s.actor.call(actor.Request{Op: actor.OpWriteCaught, FD: s.fd, N: messageBytes})
		return Result{N: reply.N, Errno: reply.Errno}.String(), reply.SIGPIPE
	case CallSOError:
		return s.PendingError().String(), false
	}
	return s.Connect(s.to).String(), false
}

func tell(call Call, gave string, signal bool) string {
	if signal {
		gave += " and SIGPIPE"
	}
	switch call {
	case CallRead:
		return fmt.Sprintf("reads: %s", gave)
	case CallWrite:
		return fmt.Sprintf("writes: %s", gave)
	case callConnect:
		return fmt.Sprintf("calls connect again: %s", gave)
	}
	return fmt.Sprintf("asks for %s: %s", call, gave)
}

var pollFlags = []struct {
	bit  int
	name string
}{
	{unix.POLLIN, "IN"}, {unix.POLLPRI, "PRI"}, {unix.POLLOUT, "OUT"},
	{unix.POLLERR, "ERR"}, {unix.POLLHUP, "HUP"}, {unix.POLLRDHUP, "RDHUP"},
}

// poll returns the flags of poll(2) that hold now.
func (s *Socket) poll() string {
	const all = unix.POLLIN | unix.POLLPRI | unix.POLLOUT | unix.POLLRDHUP
	got := s.must(actor.Request{Op: actor.OpPoll, Flags: all}).N
	var names []string
	for _, flag := range pollFlags {
		if got&flag.bit != 0 {
			names = append(names, flag.name)
		}
	}
	return strings.Join(names, "|")
}

// wantRefused lets a call of connect wait for its own refusal.
func (s *Socket) wantRefused(by event.Endpoint) {
	local := s.Local()
	s.want("connect", s.Connect(by.AddrPort()), Result{Errno: refused.Errno})
	s.actor.env.Stepf("%s %s connects to %s: connect gives %s", s.actor.Name(), local, by, refused.Errno)
	s.wantPoll("OUT|HUP") // connect has made the socket as new
	for _, call := range []Call{CallSOError, CallWrite} {
		if got, signal := s.make(call); got != resultOf(refused.AfterError, call) || signal != (call == CallWrite) {
			s.actor.env.Failf("%s of %s gave %s, SIGPIPE %t", call, s.actor.Name(), got, signal)
		}
	}
	if got, _ := s.make(CallRead); got != "ENOTCONN" {
		s.actor.env.Failf("read of %s gave %s", s.actor.Name(), got)
	}
}

// wantListenerAborted makes the calls of a server whose listener somebody else
// has ended.
func (s *Socket) wantListenerAborted() {
	s.AwaitState(event.StateClose)
	for _, due := range []event.Calls{listenerAborted.Calls, listenerAborted.AfterError} {
		s.wantPoll(due.Poll)
		accepts := s.do(actor.Request{Op: actor.OpAccept})
		asks, _ := s.make(CallSOError)
		if accepts.Errno != due.Accept || asks != due.SOError {
			s.actor.env.Failf("accept of %s gave %s, SO_ERROR %s", s.actor.Name(), accepts, asks)
		}
		s.actor.env.Stepf("%s accepts: %s, asks for SO_ERROR: %s", s.actor.Name(), accepts, asks)
	}
}
