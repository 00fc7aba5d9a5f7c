package tracing_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// churnVariable makes TestChurnProcess one of the processes of
// TestOwnersInChurn: "server", or "client" and its first port.
const churnVariable = "RSTTRACE_TEST_CHURN"

const (
	churnNamespaces = 3
	churnServers    = 2 // in each namespace; they share a port
	churnClients    = 3 // in each namespace
	churnRounds     = 560
	churnPort       = 8080
	churnFirstPort  = 20000 // each client has its own, so that ports tell who is who

	churnDone        = 0 // printed by a process instead of a port
	churnConnections = churnNamespaces * churnClients * churnRounds
)

func TestChurnProcess(t *testing.T) {
	var what string
	var port int
	if _, err := fmt.Sscan(os.Getenv(churnVariable), &what, &port); err != nil {
		t.Skip("a part of TestOwnersInChurn")
	}
	play := churnClient
	if what == "server" {
		play = churnServer
	}
	if err := play(port); err != nil {
		t.Fatal(err)
	}
	fmt.Println(churnDone)
	// Who is to be named lives until all is over.
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		t.Fatal(err)
	}
}

// How a connection ends, by the port of the client.
func serverAborts(port int) bool { return port%3 == 0 }
func clientAborts(port int) bool { return port%3 == 1 }

// churnServer accepts, prints the client's port, and lets the connection end,
// until there is something on standard input.
func churnServer(int) error {
	listener, err := churnSocket(churnPort)
	if err != nil {
		return err
	}
	if err := unix.Listen(listener, churnClients); err != nil {
		return err
	}
	fmt.Println(churnPort) // ready
	for {
		const stop = 0
		fds := []unix.PollFd{{Fd: int32(listener), Events: unix.POLLIN}, {Fd: stop, Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			return err
		}
		switch {
		case fds[0].Revents != 0:
		case fds[1].Revents != 0:
			return nil
		default:
			continue
		}
		fd, peer, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
		if err != nil {
			return err
		}
		port := peer.(*unix.SockaddrInet4).Port
		fmt.Println(port)
		if err := endByServer(fd, port); err != nil {
			return err
		}
	}
}

// endByServer closes with SO_LINGER {1,0} or data unread, or waits until the
// client does, and then closes.
func endByServer(fd, port int) error {
	defer unix.Close(fd)
	switch {
	case serverAborts(port):
		return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	case clientAborts(port):
		if _, err := unix.Write(fd, []byte("x")); err != nil {
			return err
		}
		return churnAwait(fd, unix.POLLRDHUP)
	default:
		return churnAwait(fd, unix.POLLIN)
	}
}

// churnClient makes one connection after the other, and prints its port. Those
// that the server ends are reset in softirq, and the socket is gone soon after.
func churnClient(first int) error {
	for port := first; port < first+churnRounds; port++ {
		fd, err := churnSocket(port)
		if err != nil {
			return err
		}
		if err := endByClient(fd, port); err != nil {
			return err
		}
		unix.Close(fd)
		fmt.Println(port)
	}
	return nil
}

func endByClient(fd, port int) error {
	// The reset may come before connect has returned.
	if err := unix.Connect(fd, churnAddress(churnPort)); err != nil && err != unix.ECONNRESET {
		return err
	}
	if clientAborts(port) {
		return churnAwait(fd, unix.POLLIN)
	}
	if !serverAborts(port) {
		if _, err := unix.Write(fd, []byte("x")); err != nil {
			return err
		}
	}
	_, _ = unix.Read(fd, make([]byte, 1))
	return nil
}

// churnSocket shares its port with other sockets of whoever wants that.
func churnSocket(port int) (fd int, err error) {
	if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return fd, err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
		return fd, err
	}
	return fd, unix.Bind(fd, churnAddress(port))
}

func churnAddress(port int) *unix.SockaddrInet4 {
	return &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}
}

func churnAwait(fd int, events int16) error {
	for {
		if _, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: events}}, -1); err != unix.EINTR {
			return err
		}
	}
}

// churnEnd is one end of one connection.
type churnEnd struct {
	netns  uint32
	client int // its port
	server bool
}

// TestOwnersInChurn: short connections of several processes at once, with the
// same addresses in several namespaces, and with sockets whose addresses the
// kernel gives from one to the other. All resets are reported, no owner is
// wrong, and nearly all are known.
func TestOwnersInChurn(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	owners, pids, suppressed := traceChurn(t)
	var named, wrong int
	sources := make(map[event.OwnerSource]int)
	for end, owner := range owners {
		switch {
		case owner.IsZero() || owner.PID == 0:
		case pids[end] != int(owner.PID) || len(owner.Others) > 0:
			wrong++
			t.Logf("%+v is of %d, not of %+v", end, pids[end], owner)
		default:
			named++
			sources[owner.Source]++
		}
	}
	const due = 2 * churnConnections
	t.Logf("%d of %d resets reported (%d suppressed), %d owners named (%v), %d wrong", len(owners), due, suppressed, named, sources, wrong)
	if len(owners) > due || len(owners)+suppressed < due {
		t.Errorf("%d resets are reported, want %d but for %d that the kernel suppressed", len(owners), due, suppressed)
	}
	if wrong > 0 {
		t.Errorf("%d owners are wrong", wrong)
	}
	if named < len(owners)*99/100 {
		t.Errorf("%d of %d owners are named, want 99 %%", named, len(owners))
	}
}

// traceChurn returns the owners as they were reported, the processes that they
// are, and how many runs of its programs the kernel suppressed: one that is
// interrupted by a second reset on its CPU, or scheduled away before it.
func traceChurn(t *testing.T) (map[churnEnd]event.Owner, map[churnEnd]int, int) {
	t.Helper()
	var namespaces []*netns.Namespace
	var own []uint32 // namespaces: other tests provoke resets at the same time: not ours to read
	for range churnNamespaces {
		n, err := netns.New("churn")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(n.Close)
		namespaces = append(namespaces, n)
		own = append(own, n.Inode())
	}
	// Room for all of it: where the CPUs are busy the reader may not come in time.
	const roomForAll = 16 << 20
	traced, err := tracing.Open(tracing.Options{Filter: tracing.InNetns(own...), RingSize: roomForAll})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { traced.Close() })

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	owners, done := collectOwners(ctx, t, traced)
	pids := runChurn(t, namespaces)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	totals, err := traced.Totals()
	if err != nil {
		t.Fatal(err)
	}
	if totals.Lost > 0 {
		t.Errorf("%d events found no room in the ring", totals.Lost)
	}
	return owners, pids, int(totals.Missed)
}

// collectOwners reads until ctx ends and then sends the outcome.
func collectOwners(ctx context.Context, t *testing.T, traced *tracing.Tracer) (map[churnEnd]event.Owner, <-chan error) {
	owners := make(map[churnEnd]event.Owner)
	done := make(chan error, 1)
	go func() {
		for e, err := range traced.Events(ctx) {
			if err != nil {
				done <- err
				return
			}
			if e == nil {
				continue
			}
			end := churnEnd{netns: e.Netns.Inode, client: int(e.Local.Port)}
			if e.Local.Port == churnPort {
				end.client, end.server = int(e.Peer.Port), true
			}
			if earlier, twice := owners[end]; twice {
				t.Errorf("%+v is reported twice: %+v, %+v", end, earlier, e.Owner)
			}
			owners[end] = e.Owner
		}
		done <- nil
	}()
	return owners, done
}

// runChurn runs all processes to their end and returns whose each end is. They
// live on until the test is over.
func runChurn(t *testing.T, namespaces []*netns.Namespace) map[churnEnd]int {
	t.Helper()
	var servers, clients []*churnProcess
	for _, n := range namespaces {
		for range churnServers {
			server := startChurn(t, n, "server", 0)
			server.next(t) // it is ready
			servers = append(servers, server)
		}
	}
	for _, n := range namespaces {
		for i := range churnClients {
			clients = append(clients, startChurn(t, n, "client", churnFirstPort+i*churnRounds))
		}
	}
	pids := make(map[churnEnd]int)
	for _, client := range clients {
		for port := client.next(t); port != churnDone; port = client.next(t) {
			pids[churnEnd{netns: client.netns, client: port}] = client.pid
		}
	}
	for _, server := range servers {
		fmt.Fprintln(server.in, "stop")
		for port := server.next(t); port != churnDone; port = server.next(t) {
			pids[churnEnd{netns: server.netns, client: port, server: true}] = server.pid
		}
	}
	return pids
}

// churnProcess is TestChurnProcess as another process.
type churnProcess struct {
	netns uint32
	pid   int
	in    io.Writer
	out   *bufio.Reader
}

func startChurn(t *testing.T, n *netns.Namespace, what string, port int) *churnProcess {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestChurnProcess$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d", churnVariable, what, port))
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
	if err := n.Do(cmd.Start); err != nil {
		t.Fatal(err)
	}
	p := &churnProcess{netns: n.Inode(), pid: cmd.Process.Pid, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		in.Close()
		rest, _ := io.ReadAll(p.out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", what, err, rest)
		}
	})
	return p
}

// next reads the next number that the process prints.
func (p *churnProcess) next(t *testing.T) (number int) {
	t.Helper()
	if _, err := fmt.Fscanln(p.out, &number); err != nil {
		t.Fatalf("process %d: %v", p.pid, err)
	}
	return number
}
