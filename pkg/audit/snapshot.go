package audit

import (
	"fmt"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// Snapshot holds counters of one network namespace by the kernel's names, as in
// /proc/net/snmp and /proc/net/netstat. A counter that this kernel does not
// have is absent.
type Snapshot map[string]uint64

// counter finds one value in what /proc gave.
type counter struct {
	name string
	from func(*procfs.ProcSnmp, *procfs.ProcNetstat) *float64
}

var counters = []counter{
	{"TcpOutRsts", func(s *procfs.ProcSnmp, _ *procfs.ProcNetstat) *float64 { return s.Tcp.OutRsts }},
	{"TcpEstabResets", func(s *procfs.ProcSnmp, _ *procfs.ProcNetstat) *float64 { return s.EstabResets }},
	{"TcpAttemptFails", func(s *procfs.ProcSnmp, _ *procfs.ProcNetstat) *float64 { return s.AttemptFails }},
	{"TCPAbortOnClose", func(_ *procfs.ProcSnmp, n *procfs.ProcNetstat) *float64 { return n.TCPAbortOnClose }},
	{"TCPAbortOnData", func(_ *procfs.ProcSnmp, n *procfs.ProcNetstat) *float64 { return n.TCPAbortOnData }},
	{"TCPAbortOnLinger", func(_ *procfs.ProcSnmp, n *procfs.ProcNetstat) *float64 { return n.TCPAbortOnLinger }},
	{"TCPAbortOnMemory", func(_ *procfs.ProcSnmp, n *procfs.ProcNetstat) *float64 { return n.TCPAbortOnMemory }},
	{"TCPAbortOnTimeout", func(_ *procfs.ProcSnmp, n *procfs.ProcNetstat) *float64 { return n.TCPAbortOnTimeout }},
	{"TCPAbortFailed", func(_ *procfs.ProcSnmp, n *procfs.ProcNetstat) *float64 { return n.TCPAbortFailed }},
	{"EmbryonicRsts", func(_ *procfs.ProcSnmp, n *procfs.ProcNetstat) *float64 { return n.EmbryonicRsts }},
	{"ListenOverflows", func(_ *procfs.ProcSnmp, n *procfs.ProcNetstat) *float64 { return n.ListenOverflows }},
	{"ListenDrops", func(_ *procfs.ProcSnmp, n *procfs.ProcNetstat) *float64 { return n.ListenDrops }},
	{"TCPChallengeACK", func(_ *procfs.ProcSnmp, n *procfs.ProcNetstat) *float64 { return n.TCPChallengeACK }},
	{"TCPSYNChallenge", func(_ *procfs.ProcSnmp, n *procfs.ProcNetstat) *float64 { return n.TCPSYNChallenge }},
	{"TCPACKSkippedChallenge", func(_ *procfs.ProcSnmp, n *procfs.ProcNetstat) *float64 { return n.TCPACKSkippedChallenge }},
	{"SyncookiesFailed", func(_ *procfs.ProcSnmp, n *procfs.ProcNetstat) *float64 { return n.SyncookiesFailed }},
}

// OfProcess reads the counters of the namespace in which a process is.
func OfProcess(pid int) (Snapshot, error) {
	return read("/proc", pid)
}

// OfThread reads the counters of the namespace in which the calling thread is.
func OfThread() (Snapshot, error) {
	return read("/proc/self/task", unix.Gettid())
}

func read(dir string, id int) (Snapshot, error) {
	fs, err := procfs.NewFS(dir)
	if err != nil {
		return nil, fmt.Errorf("kernel counters: %w", err)
	}
	proc, err := fs.Proc(id)
	if err != nil {
		return nil, fmt.Errorf("kernel counters: %w", err)
	}
	snmp, err := proc.Snmp()
	if err != nil {
		return nil, fmt.Errorf("kernel counters: %w", err)
	}
	netstat, err := proc.Netstat()
	if err != nil {
		return nil, fmt.Errorf("kernel counters: %w", err)
	}
	s := make(Snapshot, len(counters))
	for _, c := range counters {
		if value := c.from(&snmp, &netstat); value != nil {
			s[c.name] = uint64(*value)
		}
	}
	return s, nil
}

// Diff returns how much each counter grew since before.
func (s Snapshot) Diff(before Snapshot) Snapshot {
	diff := make(Snapshot, len(s))
	for name, value := range s {
		diff[name] = value - before[name]
	}
	return diff
}
