package actor

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// The parent tells its child by this variable that it is an actor, and under
// which name it shall appear.
const nameVariable = "RSTTRACE_LAB_ACTOR"

const controlFD = 3

// An actor's calls must come from the main thread, and only code that runs
// before main can be sure to be on it.
func init() {
	if isActor() {
		runtime.LockOSThread()
	}
}

func isActor() bool { return os.Getenv(nameVariable) != "" }

// Main serves and never returns if this process is an actor. Otherwise it
// returns false at once. Call it before anything else.
func Main() bool {
	if !isActor() {
		return false
	}
	if err := serve(os.Getenv(nameVariable)); err != nil {
		fmt.Fprintf(os.Stderr, "lab actor %s: %v\n", os.Getenv(nameVariable), err)
		os.Exit(1)
	}
	os.Exit(0)
	return true
}

// serve obeys the parent until it hangs up.
func serve(name string) error {
	if err := setComm(name); err != nil {
		return err
	}
	keepToItself()
	control := &fdPipe{fd: controlFD}
	replies := json.NewEncoder(control)
	if err := replies.Encode(hello{PID: os.Getpid()}); err != nil {
		return fmt.Errorf("hello: %w", err)
	}
	requests := json.NewDecoder(bufio.NewReader(control))
	for {
		var request Request
		if err := requests.Decode(&request); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading a request: %w", err)
		}
		if request.Op == OpBusy {
			control.busy = true
		}
		reply, err := perform(request)
		if err != nil {
			return err
		}
		if err := replies.Encode(reply); err != nil {
			return fmt.Errorf("replying: %w", err)
		}
	}
}

// perform does what is asked for. What a system call refuses is in the reply.
func perform(r Request) (Reply, error) {
	op, ok := operations[r.Op]
	if !ok {
		return Reply{}, fmt.Errorf("unknown operation %q", r.Op)
	}
	var reply Reply
	var err error
	call := func() { reply, err = op(r) }
	if r.Thread {
		tid := inThread(call)
		reply.TID = tid
	} else {
		call()
	}
	if err != nil {
		reply.Errno = errnoName(err)
	}
	return reply, nil
}

// setComm names every thread: when a process dies, any of them may be the one
// that closes its sockets.
func setComm(name string) error {
	_ = eachThread(func(tid int) error { // one may end meanwhile; only the main one must succeed
		return os.WriteFile(fmt.Sprintf("/proc/self/task/%d/comm", tid), []byte(name), 0)
	})
	text := append([]byte(name), 0)
	if err := unix.Prctl(unix.PR_SET_NAME, bytePointer(text), 0, 0, 0); err != nil {
		return fmt.Errorf("setting the name: %w", err)
	}
	return nil
}

// eachThread calls fn for every thread of this process, and returns its last
// error.
func eachThread(fn func(tid int) error) error {
	threads, err := os.ReadDir("/proc/self/task")
	for _, thread := range threads {
		tid, notNumber := strconv.Atoi(thread.Name())
		if failed := errors.Join(notNumber, fn(tid)); failed != nil {
			err = failed
		}
	}
	return err
}

// fdPipe reads and writes a descriptor with blocking system calls.
type fdPipe struct {
	fd   int
	busy bool // waits without sleeping
}

func (p *fdPipe) Read(buf []byte) (int, error) {
	for p.busy && !readable(p.fd) {
	}
	n, err := retry(func() (int, error) { return unix.Read(p.fd, buf) })
	if err == nil && n == 0 {
		return 0, io.EOF
	}
	return max(n, 0), err
}

func (p *fdPipe) Write(buf []byte) (int, error) {
	return retry(func() (int, error) { return unix.Write(p.fd, buf) })
}

func readable(fd int) bool {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	return n > 0 || err != nil && !errors.Is(err, unix.EINTR)
}

func retry(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

func errnoName(err error) string {
	var errno unix.Errno
	if errors.As(err, &errno) {
		if name := unix.ErrnoName(errno); name != "" {
			return name
		}
	}
	return err.Error()
}
