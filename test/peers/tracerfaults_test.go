package peers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// loseRoute has a host refuse connections of an address to which no route leads. TCP decides
// to send a RST each time, and with IPv6 the kernel counts none in TcpOutRsts.
func loseRoute(t *testing.T, w *world) {
	if !netns.HasIPv6() {
		t.Skip("this kernel has no IPv6")
	}
	n, err := netns.New("unrouted")
	must(t, err)
	t.Cleanup(n.Close)
	start(t, "nsenter", inside(n), "sleep", "infinity") // the audit finds namespaces by their processes
	own, peer := netip.MustParsePrefix("fd77::1/64"), netip.MustParseAddr("fd77::2")
	host, err := packetpeer.New(t.Context(), n, own, peer)
	if errors.Is(err, netns.ErrUnavailable) {
		t.Skip(err)
	}
	must(t, err)
	const firstPort = 40_000
	port := uint16(firstPort)
	// The audit knows nothing of what came before it has found the namespace, so one is not enough.
	await(t, "the counter differs", func() bool {
		flow := host.Flow(port, netip.AddrPortFrom(own.Addr(), 443))
		flow.Local.Addr = netip.MustParseAddr("fd99::1")
		must(t, flow.Send(event.SYN, nil))
		port++
		n, _ := w.prometheus.value(`rsttrace_audit_unexplained{counter="TcpOutRsts"}`)
		return n < 0
	})
}

// inside is the flag of nsenter for a namespace.
func inside(n *netns.Namespace) string {
	return fmt.Sprintf("--net=/proc/%d/fd/%d", os.Getpid(), n.FD())
}

// interruptProbes keeps a program of rsttrace busy on one processor, with packets that a
// process drops. On the same processor packets of the network arrive, and are dropped, too. If
// the second interrupts the first within the program, the kernel skips it.
func interruptProbes(t *testing.T, w *world) {
	one, other := twoProcessors(t)
	n, err := netns.New("interrupted")
	must(t, err)
	t.Cleanup(n.Close)
	receiveOn(t, n, other)

	ctx, stop := context.WithCancel(t.Context())
	var busy sync.WaitGroup
	defer busy.Wait()
	defer stop()
	var dropping, refused error
	busy.Go(func() { dropping = dropOn(ctx, other) })
	busy.Go(func() { refused = n.Do(func() error { return refuseOn(ctx, one) }) })
	await(t, "the kernel skips a program", func() bool {
		missed, _ := w.prometheus.value("rsttrace_probes_missed_total")
		return missed > 0
	})
	stop()
	busy.Wait()
	must(t, errors.Join(dropping, refused))
}

// twoProcessors are two on which this process may run.
func twoProcessors(t *testing.T) (one, other int) {
	t.Helper()
	var may unix.CPUSet
	must(t, unix.SchedGetaffinity(0, &may))
	const ofMask = 32 // processors in one word of a mask in sysfs
	var found []int
	for processor := range ofMask {
		if may.IsSet(processor) {
			found = append(found, processor)
		}
	}
	if len(found) < 2 {
		t.Skip("needs two processors: packets of one interrupt the other")
	}
	return found[0], found[1]
}

// receiveOn has a processor receive what is sent on the loopback device of a namespace.
func receiveOn(t *testing.T, n *netns.Namespace, processor int) {
	t.Helper()
	const queue = "/sys/class/net/lo/queues/rx-0/rps_cpus"
	if _, err := os.Stat(queue); err != nil {
		t.Skipf("this kernel cannot choose who receives packets (CONFIG_RPS): %v", err)
	}
	const script = `mount -t sysfs none /sys && echo "$0" >"$1"` // of the namespace
	mask := fmt.Sprintf("%x", 1<<processor)
	enter := exec.CommandContext(t.Context(), "nsenter", inside(n), "unshare", "--mount", "sh", "-c", script, mask, queue)
	if said, err := enter.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
}

// dropOn sends datagrams that nobody reads, and closes their sockets, on a processor.
func dropOn(ctx context.Context, processor int) error {
	runtime.LockOSThread() // for good: the thread ends with its goroutine
	if err := runOn(processor); err != nil {
		return err
	}
	for ctx.Err() == nil {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		for err == nil {
			err = unix.Send(pair[0], []byte{0}, 0)
		}
		if !errors.Is(err, unix.EAGAIN) { // the queue is full
			return err
		}
		if err := errors.Join(unix.Close(pair[0]), unix.Close(pair[1])); err != nil {
			return err
		}
	}
	return nil
}

// refuseOn tries a port at which nobody listens, on a processor and in the namespace of the
// calling thread.
func refuseOn(ctx context.Context, processor int) error {
	if err := runOn(processor); err != nil {
		return err
	}
	at := &unix.SockaddrInet4{Port: 1, Addr: [4]byte{127, 0, 0, 1}}
	for ctx.Err() == nil {
		client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		if err := unix.Connect(client, at); !errors.Is(err, unix.ECONNREFUSED) && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("connect: %w", err)
		}
		if err := unix.Close(client); err != nil {
			return err
		}
	}
	return nil
}

// runOn binds the calling thread to a processor.
func runOn(processor int) error {
	var only unix.CPUSet
	only.Set(processor)
	return unix.SchedSetaffinity(0, &only)
}

// hideTracepoint starts rsttrace anew, at the same address. Its kernel seems to have no
// tracepoint for RSTs that arrive.
func hideTracepoint(t *testing.T, w *world) {
	const types = "/sys/kernel/btf/vmlinux"
	shown, hidden := []byte("\x00btf_trace_tcp_receive_reset\x00"), []byte("\x00btf_trace_tcp_receive_other\x00")
	content, err := os.ReadFile(types)
	must(t, err)
	if !bytes.Contains(content, shown) {
		t.Fatalf("%s does not have the tracepoint", types)
	}
	path := filepath.Join(t.TempDir(), "vmlinux")
	must(t, os.WriteFile(path, bytes.Replace(content, shown, hidden, 1), 0o644))
	const script = `mount --bind "$0" ` + types + ` && exec "$@"`
	w.serve.kill()
	blind := startServeBy(w.serve.t, []string{"unshare", "--mount", "sh", "-c", script, path}, "--attach", "tracepoint", "--web.listen-address", w.serve.at)
	w.serve.program = blind.program
}
