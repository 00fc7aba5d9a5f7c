package probe

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"unsafe"

	"github.com/cilium/ebpf"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TopCount is how often one owner, peer or local port was seen with one kind of
// evidence. Which fields are filled follows from the table that it is in.
type TopCount struct {
	Evidence event.Evidence // zero where the kernel side found no counter for it
	Comm     string         // of an owner, "" where no process is known
	Cgroup   uint64         // of an owner's socket, 0 where it is not known
	Peer     netip.Addr
	Port     uint16 // 0 of a socket that was connecting: it is any
	Netns    uint32
	Events   uint64
}

// TopTable is one of the tables that bpf/tops.h keeps. Entries and Others
// together are all events, of each kind of evidence.
type TopTable struct {
	Entries []TopCount // in no order; a key may be there once for every CPU
	Others  []Count    // events without an entry: theirs was displaced, or never made
}

// TopKind names one of the tables.
type TopKind int

// The tables.
const (
	TopOwners = TopKind(bpf.FentryTopTOP_OWNERS)
	TopPeers  = TopKind(bpf.FentryTopTOP_PEERS)
	TopPorts  = TopKind(bpf.FentryTopTOP_PORTS)
)

// TopTables say who is behind the counts.
type TopTables struct {
	Owners, Peers, Ports TopTable
}

const (
	topSetsDefault = 4096 // over all CPUs
	topSetsMin     = 64   // on a CPU
	topTables      = int(bpf.FentryTopTOPS)
	sizeOfTopSet   = int(unsafe.Sizeof(bpf.FentryTopSet{}))
)

// topSets is how many sets a table has on each CPU, a power of two.
func topSets(wanted, cpus uint32) uint32 {
	if wanted == 0 {
		wanted = max(topSetsMin, topSetsDefault/cpus)
	}
	sets := uint32(1)
	for sets*2 <= wanted {
		sets *= 2
	}
	return sets
}

// tops reads the tables through mmap, for the same reason as counters. A full
// table has tens of thousands of entries, so all memory is used again.
type tops struct {
	counters *counters
	cpus     int
	sets     int
	seed     uint64
	entries  *ebpf.Memory
	others   *ebpf.Memory
	buffer   []byte // of a table on a CPU
	again    []byte
	column   []byte // others of a table on a CPU
	sums     [columns]uint64
	found    TopTable
	names    interner
}

func newTopSeed() uint64 { return rand.Uint64() }

func openTops(maps map[string]*ebpf.Map, c *counters, sets uint32, seed uint64) (*tops, error) {
	entries, err := maps["tops"].Memory()
	if err != nil {
		return nil, fmt.Errorf("map the tables of owners, peers and ports: %w", err)
	}
	others, err := maps["top_others"].Memory()
	if err != nil {
		return nil, fmt.Errorf("map the tables of owners, peers and ports: %w", err)
	}
	size := int(sets) * sizeOfTopSet
	return &tops{
		counters: c, cpus: c.cpus, sets: int(sets), seed: seed, entries: entries, others: others,
		buffer: make([]byte, size), again: make([]byte, size), column: make([]byte, columns*sizeOfCounter),
	}, nil
}

// Top reads a table; it is empty unless Options.Tops asked for the tables. While
// events come the sums are a moment apart. What it returns is valid until the next
// call.
func (s *Session) Top(kind TopKind) (*TopTable, error) {
	s.totals.Lock()
	defer s.totals.Unlock()
	return s.readTop(kind)
}

// readTop is for who holds totals.
func (s *Session) readTop(kind TopKind) (*TopTable, error) {
	if s.tops == nil {
		return &TopTable{}, nil
	}
	if err := s.tops.read(bpf.FentryTop(kind)); err != nil {
		return nil, fmt.Errorf("read the tables of owners, peers and ports: %w", err)
	}
	return &s.tops.found, nil
}

// Tops reads all tables into memory of their own.
func (s *Session) Tops() (all TopTables, err error) {
	s.totals.Lock()
	defer s.totals.Unlock()
	for kind, copied := range map[TopKind]*TopTable{TopOwners: &all.Owners, TopPeers: &all.Peers, TopPorts: &all.Ports} {
		table, err := s.readTop(kind)
		if err != nil {
			return TopTables{}, err
		}
		*copied = TopTable{Entries: slices.Clone(table.Entries), Others: slices.Clone(table.Others)}
	}
	return all, nil
}

func (t *tops) read(top bpf.FentryTop) error {
	t.found.Entries, t.found.Others = t.found.Entries[:0], t.found.Others[:0]
	clear(t.sums[:])
	for cpu := range t.cpus {
		row := int(top)*t.cpus + cpu
		if err := t.readEntries(top, row, &t.found); err != nil {
			return err
		}
		if err := t.readOthers(row); err != nil {
			return err
		}
	}
	for column, events := range t.sums {
		if events == 0 {
			continue
		}
		evidence, err := t.evidence(column)
		if err != nil {
			return err
		}
		t.found.Others = append(t.found.Others, Count{Evidence: evidence, Events: events})
	}
	return nil
}

// readEntries reads a CPU's table twice: what was replaced in between shows. A
// newcomer may have been seen with the events of the entry before it, so the
// second number counts, which can only be right.
func (t *tops) readEntries(top bpf.FentryTop, row int, table *TopTable) error {
	for _, buffer := range [...][]byte{t.buffer, t.again} {
		if _, err := t.entries.ReadAt(buffer, int64(row*t.sets*sizeOfTopSet)); err != nil {
			return err
		}
	}
	for at := 0; at < len(t.buffer); at += sizeOfTopSet {
		first := (*bpf.FentryTopSet)(unsafe.Pointer(&t.buffer[at]))
		set := (*bpf.FentryTopSet)(unsafe.Pointer(&t.again[at]))
		for way := range set.Keys {
			key := &set.Keys[way]
			if set.Events[way] == 0 || *key != first.Keys[way] || set.Checks[way] != t.check(key) {
				continue
			}
			count, err := t.decode(top, key)
			if err != nil {
				return err
			}
			count.Events = set.Events[way]
			table.Entries = append(table.Entries, count)
		}
	}
	return nil
}

func (t *tops) readOthers(row int) error {
	if _, err := t.others.ReadAt(t.column, int64(row*len(t.column))); err != nil {
		return err
	}
	for column := range columns {
		t.sums[column] += binary.NativeEndian.Uint64(t.column[column*sizeOfCounter:])
	}
	return nil
}

// evidence is zero for a column that is nobody's.
func (t *tops) evidence(column int) (event.Evidence, error) {
	if column < firstColumn {
		return event.Evidence{}, nil
	}
	evidence, ok, err := t.counters.key(column)
	if !ok {
		return event.Evidence{}, err
	}
	return evidence, nil
}

func (t *tops) decode(top bpf.FentryTop, key *bpf.FentryTopKey) (TopCount, error) {
	evidence, err := t.evidence(int(key.Column) & (columns - 1))
	count := TopCount{Evidence: evidence, Netns: key.Netns}
	switch top {
	case bpf.FentryTopTOP_OWNERS:
		count.Comm, count.Cgroup = t.names.text((*[16]int8)(unsafe.Pointer(&key.Name))[:]), key.Number
	case bpf.FentryTopTOP_PEERS:
		family := event.IPv4
		if key.Number == afINET6 {
			family = event.IPv6
		}
		count.Peer = endpoint(&key.Name, 0, family).Addr
	default:
		count.Port = uint16(key.Number)
	}
	return count, err
}

// check is top_check of bpf/tops.h.
func (t *tops) check(key *bpf.FentryTopKey) uint64 {
	hash := t.seed
	for _, word := range (*[unsafe.Sizeof(*key) / 8]uint64)(unsafe.Pointer(key)) {
		hash = (hash ^ word) * 0xff51afd7ed558ccd
		hash ^= hash >> 32
	}
	return hash | 1
}
