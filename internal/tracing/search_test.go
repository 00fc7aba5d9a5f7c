package tracing

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// crowdVariable makes this test program one of the processes of TestSearchInCrowd:
// how it treats its connections, how many, how many other descriptors it has, and
// the address to connect to.
const crowdVariable = "RSTTRACE_TEST_CROWD"

// crowdSizeVariable is the size of TestSearchInCrowd, "processes descriptors resets".
// 300 1000000 1200 is the one that docs/kernel.md speaks of.
const crowdSizeVariable = "RSTTRACE_TEST_CROWD_SIZE"

// How a process treats its connections. In a pool they lie until somebody needs one.
const (
	crowdEpoll = iota // it sleeps on them in epoll, and closes them when it is woken
	crowdPool         // it does not look at them
	crowdBusy         // it always has something else to do, and looks at them now and then
	crowdKinds
)

func joinCrowd(how string) error {
	var kind, connections, descriptors int
	var address string
	if _, err := fmt.Sscan(how, &kind, &connections, &descriptors, &address); err != nil {
		return err
	}
	if err := fillTable(descriptors); err != nil {
		return err
	}
	for half := range 2 { // one before the tracer comes, one after
		if half > 0 {
			if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
				return err
			}
		}
		for range connections / 2 {
			if err := joinOnce(kind, address); err != nil {
				return err
			}
		}
		fmt.Println("ready")
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

func fillTable(descriptors int) error {
	limit := unix.Rlimit{Cur: uint64(descriptors) + 4096, Max: uint64(descriptors) + 4096}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	for range descriptors {
		if _, err := unix.Dup(0); err != nil {
			return err
		}
	}
	return nil
}

func joinOnce(kind int, address string) error {
	c, err := net.Dial("tcp4", address)
	if err != nil {
		return err
	}
	file, err := c.(*net.TCPConn).File() // a blocking one, and c's own descriptor goes
	if err != nil {
		return err
	}
	fmt.Println(c.LocalAddr().(*net.TCPAddr).Port)
	switch kind {
	case crowdEpoll:
		file.Close()
		go func() { // Go's own epoll
			_, _ = c.Read(make([]byte, 1))
			c.Close()
		}()
	case crowdPool:
		c.Close()
		keepOpen = append(keepOpen, file)
	case crowdBusy:
		c.Close()
		go func() {
			for now := time.Now(); ; now = time.Now() {
				for time.Since(now) < time.Millisecond/4 {
				}
				time.Sleep(50 * time.Millisecond)
				n, _, err := unix.Recvfrom(int(file.Fd()), make([]byte, 1), unix.MSG_DONTWAIT)
				if n == 0 || err != nil && err != unix.EAGAIN {
					file.Close()
					return
				}
			}
		}()
	}
	return nil
}

var keepOpen []*os.File

// crowd is processes with many descriptors, and connections from each of them.
type crowd struct {
	listener net.Listener
	ins      []io.WriteCloser
	outs     []*bufio.Scanner
	pids     []int

	lock   sync.Mutex
	ports  map[uint16]int // of connections, and whose they are
	victim []*net.TCPConn // their other ends
}

type crowdSize struct{ processes, descriptors, resets int }

func gather(t *testing.T, size crowdSize) *crowd {
	t.Helper()
	c := &crowd{ports: make(map[uint16]int)}
	var err error
	if c.listener, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.listener.Close() })
	go func() {
		for {
			connection, err := c.listener.Accept()
			if err != nil {
				return
			}
			c.lock.Lock()
			c.victim = append(c.victim, connection.(*net.TCPConn))
			c.lock.Unlock()
		}
	}()
	each := max(2, size.resets/size.processes/2*2)
	for i := range size.processes {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1",
			fmt.Sprintf("%s=%d %d %d %s", crowdVariable, i%crowdKinds, each, size.descriptors/size.processes, c.listener.Addr()))
		cmd.Stderr = os.Stderr
		cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			in.Close()
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
		c.ins, c.outs, c.pids = append(c.ins, in), append(c.outs, bufio.NewScanner(out)), append(c.pids, cmd.Process.Pid)
	}
	return c
}

// await reads the ports of the next half of the connections.
func (c *crowd) await(t *testing.T) {
	t.Helper()
	for i, out := range c.outs {
		for out.Scan() && out.Text() != "ready" {
			var port uint16
			if _, err := fmt.Sscan(out.Text(), &port); err != nil {
				t.Fatal(err)
			}
			c.ports[port] = c.pids[i]
		}
	}
}

func (c *crowd) more(t *testing.T) {
	t.Helper()
	for _, in := range c.ins {
		if _, err := in.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	c.await(t)
}

// searches wraps the search for owners and adds up what it takes.
type searches struct {
	number  int
	cpuTime time.Duration
}

func (s *searches) watch(t *Tracer) {
	search := t.resolver.Walk
	t.resolver.Walk = func(sockets []event.SocketRef) ([]event.Holder, time.Duration, error) {
		found, pause, err := search(sockets)
		s.number++
		s.cpuTime += pause / 99
		return found, pause, err
	}
}

// TestSearchInCrowd: 100 connections are reset in a second, whose owners sleep on
// them, do not look at them, or are busy, on a host with many descriptors. The
// search finds the owners, and takes at most 1 % of a core.
func TestSearchInCrowd(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	size := crowdSize{processes: 12, descriptors: 24_000, resets: 120}
	if wanted := os.Getenv(crowdSizeVariable); wanted != "" {
		if _, err := fmt.Sscan(wanted, &size.processes, &size.descriptors, &size.resets); err != nil {
			t.Fatal(err)
		}
	}
	c := gather(t, size)
	c.await(t)
	traced, err := Open(Options{Filter: InNetns(ownNamespace(t, os.Getpid()))})
	if err != nil {
		t.Fatal(err)
	}
	defer traced.Close()
	var taken searches
	taken.watch(traced)
	c.more(t)

	ctx, cancel := context.WithCancel(t.Context())
	owners, done := make(map[uint16]event.Owner), make(chan error, 1)
	go func() {
		for e, err := range traced.Events(ctx) {
			if err != nil {
				done <- err
				return
			}
			if e != nil && e.Dir == event.Received && c.ports[e.Local.Port] != 0 {
				owners[e.Local.Port] = e.Owner
			}
		}
		done <- nil
	}()
	begun := time.Now()
	c.reset(t)
	lasted := time.Since(begun)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	c.judge(t, owners, traced)
	share := 100 * taken.cpuTime.Seconds() / lasted.Seconds()
	t.Logf("%+v, %.1f s: %d searches, %s each, %.2f %% of a core", size, lasted.Seconds(), taken.number, taken.cpuTime/time.Duration(max(1, taken.number)), share)
}

// accepted returns this side of all connections, once they have all arrived.
func (c *crowd) accepted(t *testing.T) []*net.TCPConn {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		c.lock.Lock()
		victims := slices.Clone(c.victim)
		c.lock.Unlock()
		if len(victims) >= len(c.ports) {
			return victims
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d connections have arrived", len(victims), len(c.ports))
		}
	}
}

// reset resets the connections one after the other, in an order that mixes them.
func (c *crowd) reset(t *testing.T) {
	t.Helper()
	victims := c.accepted(t)
	const stride = 7919 // a prime
	for i := range victims {
		victim := victims[i*stride%len(victims)]
		_ = victim.SetLinger(0)
		victim.Close()
		time.Sleep(10 * time.Millisecond)
	}
}

func (c *crowd) judge(t *testing.T, owners map[uint16]event.Owner, traced *Tracer) {
	t.Helper()
	var named, wrong int
	sources := make(map[event.OwnerSource]int)
	for port, owner := range owners {
		sources[owner.Source]++
		switch {
		case owner.PID == 0:
		case int(owner.PID) != c.ports[port] || len(owner.Others) > 0:
			wrong++
			t.Logf("port %d is of %d, not of %+v", port, c.ports[port], owner)
		default:
			named++
		}
	}
	t.Logf("%d of %d resets are reported, %d owners named (%v), %d wrong, %d not sought", len(owners), len(c.ports), named, sources, wrong, traced.resolver.NotSearched())
	if len(owners) != len(c.ports) || wrong > 0 || named < len(owners)*99/100 {
		t.Errorf("of %d resets %d are reported, %d owners named, %d wrong", len(c.ports), len(owners), named, wrong)
	}
}
