package probe

import (
	"fmt"
	"unsafe"

	"github.com/cilium/ebpf"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// NetnsCount is how often one piece of evidence was seen in one network namespace.
type NetnsCount struct {
	Inode    uint32
	Mix      uint32 // differs between namespaces that had one inode number after another
	Evidence event.Evidence
	Events   uint64
}

// netnsCells is NETNS_CELLS of bpf/namespaces.h.
const netnsCells = 32768

const sizeOfNetnsCell = int(unsafe.Sizeof(bpf.FentryNetnsCell{}))

// namespaces reads the cells through mmap, for the same reason as counters.
type namespaces struct {
	counters *counters
	cells    *ebpf.Memory
	buffer   []byte
}

func openNamespaces(maps map[string]*ebpf.Map, c *counters) (*namespaces, error) {
	cells, err := maps["netns_cells"].Memory()
	if err != nil {
		return nil, fmt.Errorf("map the counters of network namespaces: %w", err)
	}
	return &namespaces{counters: c, cells: cells, buffer: make([]byte, netnsCells*sizeOfNetnsCell)}, nil
}

// read lists all cells that count an event whose evidence is known.
func (n *namespaces) read() (found []NetnsCount, err error) {
	if _, err := n.cells.ReadAt(n.buffer, 0); err != nil {
		return nil, fmt.Errorf("read the counters of network namespaces: %w", err)
	}
	for at := 0; at < len(n.buffer); at += sizeOfNetnsCell {
		cell, err := view[bpf.FentryNetnsCell](n.buffer[at:])
		if err != nil {
			return nil, err
		}
		if cell.Events == 0 || int(cell.Column) < firstColumn || int(cell.Column) >= columns {
			continue
		}
		evidence, ok, err := n.counters.key(int(cell.Column))
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, NetnsCount{
				Inode: uint32(cell.Netns), Mix: uint32(cell.Netns >> 32), Evidence: evidence, Events: cell.Events,
			})
		}
	}
	return found, nil
}

// NetnsCounts reads the exact totals of each network namespace; there are none
// unless Options.Netns asked for them. A pair of namespace and evidence may be there
// more than once. Counts.Unplaced are events that are missing here.
func (s *Session) NetnsCounts() ([]NetnsCount, error) {
	s.totals.Lock()
	defer s.totals.Unlock()
	if s.namespaces == nil {
		return nil, nil
	}
	return s.namespaces.read()
}
