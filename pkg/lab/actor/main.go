package actor

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

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
	control := fdPipe(controlFD)
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
		op, ok := operations[request.Op]
		if !ok {
			return fmt.Errorf("unknown operation %q", request.Op)
		}
		reply, err := op(request)
		if err != nil {
			reply.Errno = errnoName(err)
		}
		if err := replies.Encode(reply); err != nil {
			return fmt.Errorf("replying: %w", err)
		}
	}
}

// setComm names every thread: when a process dies, any of them may be the one
// that closes its sockets.
func setComm(name string) error {
	files, err := filepath.Glob("/proc/self/task/*/comm")
	if err != nil {
		return err
	}
	for _, file := range files {
		// A thread may end meanwhile; only the main one must succeed.
		_ = os.WriteFile(file, []byte(name), 0)
	}
	text := append([]byte(name), 0)
	if err := unix.Prctl(unix.PR_SET_NAME, bytePointer(text), 0, 0, 0); err != nil {
		return fmt.Errorf("setting the name: %w", err)
	}
	return nil
}

// fdPipe reads and writes a descriptor with blocking system calls.
type fdPipe int

func (fd fdPipe) Read(buf []byte) (int, error) {
	n, err := retry(func() (int, error) { return unix.Read(int(fd), buf) })
	if err == nil && n == 0 {
		return 0, io.EOF
	}
	return max(n, 0), err
}

func (fd fdPipe) Write(buf []byte) (int, error) {
	return retry(func() (int, error) { return unix.Write(int(fd), buf) })
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
