package actor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// replyTimeout is longer than any call of an actor may block.
	replyTimeout = 2 * callTimeoutSeconds * time.Second
	// quitTimeout is how long an actor may take to end by itself.
	quitTimeout = 10 * time.Second
)

// ErrEnded is what Call gives when the process ended instead of answering.
var ErrEnded = errors.New("the process ended")

// Process is an actor as its parent sees it.
type Process struct {
	Name string // what Start was given
	PID  int    // in the parent's pid namespace
	Comm string // what the kernel and ps show: "lab-" and the name

	control *os.File
	replies *json.Decoder
	process *os.Process
	hangUp  sync.Once
	ended   chan struct{}
	status  Status // valid once ended is closed; of a spawned process only its parent knows it
}

// Status is how a process ended.
type Status struct {
	ExitCode int    `json:"exitCode"`
	Signal   string `json:"signal,omitzero"` // "SIGPIPE"; ExitCode is then 128 + its number, as shells say it
}

func (s Status) String() string {
	if s.Signal != "" {
		return fmt.Sprintf("%d (%s)", s.ExitCode, s.Signal)
	}
	return fmt.Sprint(s.ExitCode)
}

// Starter runs a function on a thread in the place where the actor shall live
// and which stays until the actor has ended; netns.Namespace.Do is one. The
// kernel kills the actor when that thread ends.
type Starter func(func() error) error

// Start runs a new actor and waits until it is ready. It is killed when ctx ends.
func Start(ctx context.Context, where Starter, name string) (*Process, error) {
	if isActor() {
		return nil, errors.New("an actor cannot start actors: its program must call lab.ActorMain first in main")
	}
	p := &Process{Name: name, Comm: comm(name), ended: make(chan struct{})}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("control channel of actor %s: %w", name, err)
	}
	if err := p.talkOver(fds[0]); err != nil {
		return nil, fmt.Errorf("control channel of actor %s: %w", name, err)
	}
	theirs := os.NewFile(uintptr(fds[1]), "control")
	err = where(func() error { return p.spawn(theirs) })
	theirs.Close()
	if err != nil {
		p.control.Close()
		return nil, fmt.Errorf("starting actor %s: %w", name, err)
	}
	go p.reap()
	context.AfterFunc(ctx, func() { p.Kill() })
	if err := p.greet(); err != nil {
		p.Kill()
		return nil, fmt.Errorf("starting actor %s: %w", name, err)
	}
	return p, nil
}

// talkOver makes a descriptor of a Unix socket the control channel.
func (p *Process) talkOver(fd int) error {
	if err := unix.SetNonblock(fd, true); err != nil { // lets deadlines work
		return err
	}
	p.control = os.NewFile(uintptr(fd), "control")
	p.replies = json.NewDecoder(p.control)
	return nil
}

// spawn starts the child from the calling thread.
func (p *Process) spawn(control *os.File) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	p.process, err = os.StartProcess("/proc/self/exe", []string{p.Comm}, &os.ProcAttr{
		// One thread for Go code, no collector, no preemption signals: nothing
		// disturbs the calls the scenario is about. GORACE: the race detector
		// would hold every exit up for a second.
		Env: []string{
			nameVariable + "=" + p.Comm,
			"GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1", "GORACE=atexit_sleep_ms=0",
		},
		Files: []*os.File{null, null, os.Stderr, control},
		Sys:   attributes(),
	})
	if err != nil {
		return err
	}
	p.PID = p.process.Pid
	return nil
}

// attributes make an actor die with the thread that started it.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL, Setpgid: true}
}

func (p *Process) greet() error {
	if err := p.control.SetReadDeadline(time.Now().Add(replyTimeout)); err != nil {
		return err
	}
	var h hello
	if err := p.replies.Decode(&h); err != nil {
		return fmt.Errorf("waiting for it: %w (does the program call lab.ActorMain first in main?)", err)
	}
	return nil
}

func (p *Process) reap() {
	state, err := p.process.Wait()
	if err == nil {
		p.status = statusOf(state.Sys().(syscall.WaitStatus))
	}
	close(p.ended)
}

func statusOf(wait syscall.WaitStatus) Status {
	if wait.Signaled() {
		return Status{ExitCode: 128 + int(wait.Signal()), Signal: unix.SignalName(wait.Signal())}
	}
	return Status{ExitCode: wait.ExitStatus()}
}

// Call makes the actor do one thing and returns what came of it. A failed
// system call is not an error: see Reply.Errno. The error is ErrEnded if the
// process ended over it. Not for concurrent use.
func (p *Process) Call(r Request) (Reply, error) {
	var reply Reply
	err := p.control.SetDeadline(time.Now().Add(replyTimeout))
	if err == nil {
		err = json.NewEncoder(p.control).Encode(r)
	}
	if err == nil {
		err = p.replies.Decode(&reply)
	}
	switch {
	case err == nil:
		return reply, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return reply, fmt.Errorf("actor %s: %s: no answer in %s", p.Name, r.Op, replyTimeout)
	default: // the channel broke, which only its end can do
		return reply, fmt.Errorf("actor %s: %s: %w", p.Name, r.Op, ErrEnded)
	}
}

// Kill ends the process with SIGKILL and waits for it.
func (p *Process) Kill() Status {
	_ = p.process.Kill() // it may have ended already
	<-p.ended
	p.hangUpControl()
	return p.status
}

// Quit lets the process end by itself, waits for it, and kills it if need be.
func (p *Process) Quit() Status {
	p.hangUpControl()
	select {
	case <-p.ended:
		return p.status
	case <-time.After(quitTimeout):
		return p.Kill()
	}
}

// Wait waits for a process that is ending; it does not end it.
func (p *Process) Wait(ctx context.Context) (Status, error) {
	select {
	case <-p.ended:
		return p.status, nil
	case <-ctx.Done():
		return Status{}, fmt.Errorf("actor %s: waiting for its end: %w", p.Name, ctx.Err())
	}
}

func (p *Process) hangUpControl() {
	p.hangUp.Do(func() { p.control.Close() })
}
