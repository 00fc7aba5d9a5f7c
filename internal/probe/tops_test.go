package probe

import (
	"errors"
	"maps"
	"net/netip"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestTopSets(t *testing.T) {
	for _, test := range []struct{ wanted, cpus, want uint32 }{
		{0, 1, 4096}, {0, 2, 2048}, {0, 3, 1024}, {0, 1024, 64}, {1, 2, 1}, {5, 2, 4}, {64, 2, 64},
	} {
		if got := topSets(test.wanted, test.cpus); got != test.want {
			t.Errorf("%d wanted on %d CPUs: %d, want %d", test.wanted, test.cpus, got, test.want)
		}
	}
}

// At first a few connect, who fill a small table. From then on frequent connects
// every second time, and in between many who come twice.
const early = 2000

var frequent = [4]byte{127, 9, 9, 9}

func source(cpu, i int) [4]byte {
	switch {
	case i < early:
		return [4]byte{127, 8, 8, byte(1 + i%8)}
	case i%2 == 0:
		return frequent
	default:
		return [4]byte{127, byte(100 + cpu), byte(i >> 10), byte(i >> 2)}
	}
}

// refuseFrom connects n times to a closed port, on one CPU, from the addresses
// of source.
func refuseFrom(cpu, n int) error {
	var only unix.CPUSet
	only.Set(cpu)
	if err := unix.SchedSetaffinity(0, &only); err != nil {
		return err
	}
	for i := range n {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		if err = unix.Bind(fd, &unix.SockaddrInet4{Addr: source(cpu, i)}); err == nil {
			err = unix.Connect(fd, &unix.SockaddrInet4{Port: 1, Addr: [4]byte{127, 0, 0, 1}})
		}
		unix.Close(fd)
		if err != unix.ECONNREFUSED {
			return errors.Join(errors.New("connect was not refused"), err)
		}
	}
	return nil
}

// allowedCPUs are those that this process may run on.
func allowedCPUs(t *testing.T) (cpus []int) {
	t.Helper()
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		t.Fatal(err)
	}
	for cpu := range len(set) * 64 {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}

// storm refuses n connects in a namespace for every CPU, all at once.
func storm(t *testing.T, n int, options Options) (*Session, []*netns.Namespace) {
	t.Helper()
	var namespaces []*netns.Namespace
	cpus := allowedCPUs(t)
	for range cpus {
		namespaces = append(namespaces, newNamespace(t))
	}
	s := openSession(t, options)
	done := make(chan error)
	for i, namespace := range namespaces {
		go func() { done <- namespace.Do(func() error { return refuseFrom(cpus[i], n) }) }()
	}
	for range namespaces {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	s.Detach()
	return s, namespaces
}

// checkSums holds the tables against the counters, evidence by evidence, of the
// whole host: not one event is missing, none is there twice.
func checkSums(t *testing.T, s *Session) TopTables {
	t.Helper()
	counts, err := s.Counts()
	if err != nil {
		t.Fatal(err)
	}
	counted := make(map[event.Evidence]uint64)
	for _, c := range counts.ByEvidence {
		counted[c.Evidence] = c.Events
	}
	if counts.Uncounted > 0 {
		counted[event.Evidence{}] = counts.Uncounted
	}
	tables, err := s.Tops()
	if err != nil {
		t.Fatal(err)
	}
	for name, table := range map[string]*TopTable{"owners": &tables.Owners, "peers": &tables.Peers, "ports": &tables.Ports} {
		sums := make(map[event.Evidence]uint64)
		for _, entry := range table.Entries {
			sums[entry.Evidence] += entry.Events
		}
		for _, other := range table.Others {
			sums[other.Evidence] += other.Events
		}
		if !maps.Equal(sums, counted) {
			t.Errorf("%s: sums %v, counted %v", name, sums, counted)
		}
	}
	return tables
}

func others(table *TopTable, of func(event.Evidence) bool) (events uint64) {
	for _, other := range table.Others {
		if of(other.Evidence) {
			events += other.Events
		}
	}
	return events
}

func entries(table *TopTable, of func(*TopCount) bool) (events uint64) {
	for i := range table.Entries {
		if of(&table.Entries[i]) {
			events += table.Entries[i].Events
		}
	}
	return events
}

func isReply(e event.Evidence) bool   { return e.Hook == event.HookSendReply }
func isReceive(e event.Evidence) bool { return e.Hook == event.HookReceive }

// TestTinyTops: tables of eight places for thousands of peers are full all the
// time. The sums hold, and who is frequent is there.
func TestTinyTops(t *testing.T) {
	const connects, late = 20_000, 20_000 - early
	s, namespaces := storm(t, connects, Options{Tops: true, TopSets: 1, Selection: Selection{CountsOnly: true}})
	tables := checkSums(t, s)
	for _, namespace := range namespaces {
		of := func(peer [4]byte, hook func(event.Evidence) bool) uint64 {
			return entries(&tables.Peers, func(c *TopCount) bool {
				return c.Netns == namespace.Inode() && c.Peer == netip.AddrFrom4(peer) && hook(c.Evidence)
			})
		}
		if got := of([4]byte{127, 0, 0, 1}, isReceive); got == 0 || got > connects {
			t.Errorf("%d resets received from the server, want up to %d", got, connects)
		}
		if got := of(frequent, isReply); s.Visibility().Socketless && got < late/4 || got > late/2 {
			t.Errorf("%d resets sent to the frequent peer, want nearly %d", got, late/2)
		}
	}
	if displaced := others(&tables.Peers, isReply); displaced == 0 && s.Visibility().Socketless {
		t.Error("nothing was displaced: the table is not small enough for this test")
	}
}

// TestTops: with room for all the tables are complete, and name nobody wrongly:
// the resets that are sent happen on the back of who connects.
func TestTops(t *testing.T) {
	const connects = 2000
	s, namespaces := storm(t, connects, Options{Tops: true, Selection: Selection{CountsOnly: true}})
	tables := checkSums(t, s)
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	hooks := []func(event.Evidence) bool{isReceive}
	if s.Visibility().Socketless {
		hooks = append(hooks, isReply)
	}
	for _, namespace := range namespaces {
		for i, hook := range hooks {
			ours := func(want func(*TopCount) bool) func(*TopCount) bool {
				return func(c *TopCount) bool { return c.Netns == namespace.Inode() && hook(c.Evidence) && want(c) }
			}
			for name, row := range map[string]struct {
				table *TopTable
				right func(*TopCount) bool
			}{
				"owner": {&tables.Owners, func(c *TopCount) bool {
					return isReceive(c.Evidence) && c.Comm == strings.TrimSpace(string(comm)) && c.Cgroup != 0 || isReply(c.Evidence) && c.Comm == "" && c.Cgroup == 0
				}},
				"peer": {&tables.Peers, func(c *TopCount) bool { return c.Peer.IsLoopback() }},
				"port": {&tables.Ports, func(c *TopCount) bool { return c.Port == uint16(i) }}, // 1 where it is closed, 0 where it is any
			} {
				all := entries(row.table, ours(func(*TopCount) bool { return true }))
				right := entries(row.table, ours(row.right))
				if right != all || all > connects || all+others(row.table, hook) < connects {
					t.Errorf("%s: %d of %d right, %d without an entry, want %d", name, right, all, others(row.table, hook), connects)
				}
			}
		}
	}
}

// TestNoTops: without being asked for they are not counted, and take no memory.
func TestNoTops(t *testing.T) {
	namespace := newNamespace(t)
	s := openSession(t, Options{})
	refuseConnects(t, namespace, 10)
	s.Detach()
	tables, err := s.Tops()
	if err != nil || len(tables.Owners.Entries)+len(tables.Peers.Entries)+len(tables.Ports.Others) != 0 {
		t.Errorf("%+v, %v", tables, err)
	}
	for _, name := range []string{"tops", "top_others"} {
		if entries := s.maps[name].MaxEntries(); entries != 1 {
			t.Errorf("%d entries in %s", entries, name)
		}
	}
}
