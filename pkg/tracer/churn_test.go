package tracer_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/lab/netns"
	"github.com/rsttrace/rsttrace/pkg/probe"
	"github.com/rsttrace/rsttrace/pkg/tracer"
)

// churnVariable holds the port of the server and the first port of the client.
const churnVariable = "RSTTRACE_TEST_CHURN"

// TestChurnClient is one of the clients of TestOwnersInChurn.
func TestChurnClient(t *testing.T) {
	ports := os.Getenv(churnVariable)
	if ports == "" {
		t.Skip("a part of TestOwnersInChurn")
	}
	if err := churn(ports); err != nil {
		t.Fatal(err)
	}
}

const (
	churnRounds    = 300
	churnProcesses = 8
	churnFirstPort = 20000 // each process has its own, so that ports tell who is who
)

// churn connects to a server that aborts, waits for that, and closes: the reset
// comes in softirq, and the socket is gone soon after.
func churn(ports string) error {
	var server, first int
	if _, err := fmt.Sscan(ports, &server, &first); err != nil {
		return err
	}
	for port := first; port < first+churnRounds; port++ {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		localhost := [4]byte{127, 0, 0, 1}
		if err := unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: localhost}); err != nil {
			return err
		}
		// The reset may come before connect has returned.
		if err := unix.Connect(fd, &unix.SockaddrInet4{Port: server, Addr: localhost}); err != nil && err != unix.ECONNRESET {
			return err
		}
		_, _ = unix.Read(fd, make([]byte, 1))
		unix.Close(fd)
	}
	return nil
}

// TestOwnersInChurn: short connections of several processes at once, whose
// socket addresses the kernel gives from one to the other. No owner may be
// wrong, and nearly all must be known.
func TestOwnersInChurn(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	n, err := netns.New("churn")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	server := abortingServer(t, n)

	// Other tests provoke resets at the same time: not ours to read.
	own := probe.Selection{Netns: []uint32{n.Inode()}}
	traced, err := tracer.Open(tracer.Options{Probe: probe.Options{Selection: own}})
	if err != nil {
		t.Fatal(err)
	}
	defer traced.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	owners := make(map[int]event.Owner) // by port of the client
	done := make(chan error, 1)
	go func() {
		for e, err := range traced.Events(ctx) {
			if err != nil {
				done <- err
				return
			}
			if e != nil && e.Netns.Inode == n.Inode() && e.Dir == event.Received {
				owners[int(e.Local.Port)] = e.Owner
			}
		}
		done <- nil
	}()
	pids := runClients(t, n, server)
	time.Sleep(300 * time.Millisecond)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}

	var named, wrong int
	for port, owner := range owners {
		client := (port - churnFirstPort) / churnRounds
		switch {
		case owner.IsZero():
		case int(owner.PID) != pids[client]:
			wrong++
			t.Logf("port %d is of %d, not of %+v", port, pids[client], owner)
		default:
			named++
		}
	}
	const due = churnProcesses * churnRounds
	t.Logf("%d of %d resets reported, %d owners named, %d wrong", len(owners), due, named, wrong)
	if wrong > 0 {
		t.Errorf("%d owners are wrong", wrong)
	}
	if named < due*99/100 {
		t.Errorf("%d of %d owners are named, want 99 %%", named, due)
	}
}

// abortingServer resets every connection right after it came.
func abortingServer(t *testing.T, n *netns.Namespace) (port int) {
	t.Helper()
	var listener net.Listener
	err := n.Do(func() (err error) {
		listener, err = net.Listen("tcp", "127.0.0.1:0")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_ = connection.(*net.TCPConn).SetLinger(0)
			connection.Close()
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

// runClients runs all clients to their end and returns their pids.
func runClients(t *testing.T, n *netns.Namespace, server int) (pids []int) {
	t.Helper()
	var clients []*exec.Cmd
	for i := range churnProcesses {
		client := exec.Command("/proc/self/exe", "-test.run=^TestChurnClient$")
		client.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d", churnVariable, server, churnFirstPort+i*churnRounds))
		client.Stderr = os.Stderr
		client.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
		if err := n.Do(client.Start); err != nil {
			t.Fatal(err)
		}
		clients = append(clients, client)
	}
	for _, client := range clients {
		if err := client.Wait(); err != nil {
			t.Fatal(err)
		}
		pids = append(pids, client.Process.Pid)
	}
	return pids
}
