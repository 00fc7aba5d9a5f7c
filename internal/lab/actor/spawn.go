package actor

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Spawn makes the actor fork. The child is an actor of its own; it inherits the
// given descriptors of its parent under the numbers that are returned, and dies
// with its parent. Needs 5.6 (pidfd_getfd).
func (p *Process) Spawn(name string, fds ...int) (*Process, []int, error) {
	child := &Process{Name: name, Comm: comm(name), ended: make(chan struct{})}
	reply, err := p.Call(Request{Op: OpSpawn, Name: child.Comm, FDs: fds})
	if err == nil && reply.Errno != "" {
		err = errors.New(reply.Errno)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("actor %s: starting %s: %w", p.Name, name, err)
	}
	child.PID = reply.N
	if err := child.adopt(p, reply.FD); err != nil {
		return nil, nil, fmt.Errorf("actor %s: adopting %s: %w", p.Name, name, err)
	}
	inherited := make([]int, len(fds))
	for i := range inherited {
		inherited[i] = firstInherited + i
	}
	return child, inherited, nil
}

// adopt takes the control channel from the parent, where it has that number.
func (p *Process) adopt(parent *Process, number int) error {
	control, err := descriptorOf(parent.PID, number)
	if err != nil {
		return err
	}
	if err := p.talkOver(control); err != nil {
		return err
	}
	if _, err := parent.Call(Request{Op: OpClose, FD: number}); err != nil {
		return err
	}
	if p.process, err = os.FindProcess(p.PID); err != nil {
		return err
	}
	pidfd, err := unix.PidfdOpen(p.PID, 0)
	if err != nil {
		return fmt.Errorf("pidfd_open: %w", err)
	}
	go p.watch(pidfd)
	return p.greet()
}

// descriptorOf copies a descriptor of another process.
func descriptorOf(pid, number int) (int, error) {
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return -1, fmt.Errorf("pidfd_open: %w", err)
	}
	defer unix.Close(pidfd)
	fd, err := unix.PidfdGetfd(pidfd, number, 0)
	if err != nil {
		return -1, fmt.Errorf("pidfd_getfd: %w", err)
	}
	return fd, nil
}

// watch waits for the end of a process that is not a child of this one.
func (p *Process) watch(pidfd int) {
	_, _ = retry(func() (int, error) {
		return unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, -1)
	})
	unix.Close(pidfd)
	close(p.ended)
}

// WaitFor has the actor take the status of a spawned process that has ended, or
// is about to.
func (p *Process) WaitFor(child *Process) (Status, error) {
	reply, err := p.Call(Request{Op: OpWait, N: child.PID})
	if err == nil && reply.Errno != "" {
		err = fmt.Errorf("actor %s: waiting for %s: %s", p.Name, child.Name, reply.Errno)
	}
	return reply.Status, err
}

// Exec makes the actor another program under another comm. It keeps its pid, its
// control channel, and the given descriptors.
func (p *Process) Exec(name string, fds ...int) error {
	err := p.control.SetDeadline(time.Now().Add(replyTimeout))
	if err == nil {
		err = json.NewEncoder(p.control).Encode(Request{Op: OpExec, Name: comm(name), FDs: fds})
	}
	if err == nil {
		err = p.greet()
	}
	if err != nil {
		return fmt.Errorf("actor %s: exec of %s: %w", p.Name, name, err)
	}
	p.Comm = comm(name)
	return nil
}

func comm(name string) string { return "lab-" + name }
