package audit

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Snapshot holds the TCP counters of one network namespace by the names the
// kernel gives them: those of /proc/net/snmp with their prefix ("TcpOutRsts"),
// those of /proc/net/netstat without ("TCPAbortOnData"), except MPTCP's
// ("MPTcpExtMPFastcloseTx"). A counter that this
// kernel does not have is absent.
type Snapshot map[string]uint64

// prefixes says how the lines of interest are called in the two files, and what
// their counters' names begin with here.
var prefixes = map[string]string{"Tcp": "Tcp", "TcpExt": "", "MPTcpExt": "MPTcpExt"}

// OfProcess reads the counters of the namespace in which a process is.
func OfProcess(pid int) (Snapshot, error) { return read("/proc/" + strconv.Itoa(pid) + "/net/") }

// OfThread reads the counters of the namespace in which the calling thread is.
func OfThread() (Snapshot, error) { return read("/proc/thread-self/net/") }

func read(dir string) (Snapshot, error) {
	s := make(Snapshot)
	for _, name := range []string{"snmp", "netstat"} {
		file, err := os.Open(dir + name)
		if err != nil {
			return nil, fmt.Errorf("kernel counters: %w", err)
		}
		err = s.parse(file)
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("kernel counters: %s%s: %w", dir, name, err)
		}
	}
	return s, nil
}

// parse reads pairs of lines: "Tcp: NAME NAME ..." and "Tcp: VALUE VALUE ...".
// Not the procfs library: its v0.23 leaves TCPAbortOnMemory, TCPAbortOnTimeout,
// TCPAbortOnLinger and TCPAbortFailed empty.
func (s Snapshot) parse(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20) // netstat has thousands of characters a line
	for lines.Scan() {
		names := lines.Text()
		if !lines.Scan() {
			return fmt.Errorf("no values for %q", names)
		}
		if err := s.parsePair(strings.Fields(names), strings.Fields(lines.Text())); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (s Snapshot) parsePair(names, values []string) error {
	if len(names) == 0 || len(names) != len(values) || names[0] != values[0] {
		return fmt.Errorf("names %q and values %q do not match", names, values)
	}
	prefix, wanted := prefixes[strings.TrimSuffix(names[0], ":")]
	if !wanted {
		return nil
	}
	for i, name := range names[1:] {
		text := values[i+1]
		if strings.HasPrefix(text, "-") {
			continue // MaxConn is -1 and no counter
		}
		value, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		s[prefix+name] = value
	}
	return nil
}

// Diff returns how much each counter grew since before.
func (s Snapshot) Diff(before Snapshot) Snapshot {
	diff := make(Snapshot, len(s))
	for name, value := range s {
		diff[name] = value - before[name]
	}
	return diff
}
