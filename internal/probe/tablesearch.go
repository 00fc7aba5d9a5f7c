package probe

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// tableSearch reads the file tables of all processes in blocks, see bpf/search.h. It
// takes no reference to any file: about 10 ns for each descriptor.
type tableSearch struct {
	*iterator
	memory *ebpf.Memory // struct search
	names  interner
	buffer []byte
}

// Numbers of bpf/search.h and bpf/filetables.h.
const (
	soughtMax      = len(bpf.ContextSearch{}.Sockets)
	foundMax       = len(bpf.ContextSearch{}.Holders)
	slotsOfSearch  = 1024 * slotsOfBlock
	slotsOfInspect = 64 * slotsOfBlock
	slotsOfBlock   = len(bpf.ContextSearch{}.Block)
)

// Where the parts of struct search are.
const (
	socketsAt    = int64(unsafe.Offsetof(bpf.ContextSearch{}.Sockets))
	bloomAt      = int64(unsafe.Offsetof(bpf.ContextSearch{}.Bloom))
	holdersAt    = int64(unsafe.Offsetof(bpf.ContextSearch{}.Holders))
	sizeOfSought = int(unsafe.Sizeof(bpf.ContextSearch{}.Sockets[0]))
	sizeOfFound  = int(unsafe.Sizeof(bpf.ContextFoundHolder{}))
)

// searchHead is how struct search begins.
type searchHead struct {
	First, Count, Found, Unfinished uint32
	LastFiles                       uint64
	LastPID, Unused                 uint32
}

func openTableSearch(l *loader) (*tableSearch, *Refusal) {
	found, refusal := openIterator(l, holdersHook, l.programOf(holdersHook))
	if refusal != nil {
		return nil, refusal
	}
	memory, err := l.maps["searches"].Memory()
	if err != nil {
		found.close()
		return nil, l.refuse(Refusal{event.Tracepoint, "attach", fmt.Errorf("map the search: %w", err)})
	}
	return &tableSearch{iterator: found, memory: memory}, nil
}

// A search takes at most one part in a hundred of a core.
func (s *tableSearch) pause(took time.Duration) time.Duration { return 99 * took }

func (s *tableSearch) run(sockets []event.SocketRef) ([]event.Holder, error) {
	var holders []event.Holder
	for part := range slices.Chunk(sockets, soughtMax) {
		found, err := s.search(part)
		if err != nil {
			return nil, err
		}
		holders = append(holders, found...)
	}
	return holders, nil
}

// search looks for some sockets at once. If there is no room for all of them, or for
// their holders, it looks for fewer.
func (s *tableSearch) search(sockets []event.SocketRef) ([]event.Holder, error) {
	if err := s.seek(sockets); err != nil {
		return nil, fmt.Errorf("write what to search: %w", err)
	}
	found, err := walkTables(s.iterator, s.memory, searchHead{Count: uint32(len(sockets))}, slotsOfSearch)
	if err != nil {
		return nil, err
	}
	if found <= foundMax {
		return s.read(sockets, found)
	}
	half := len(sockets) / 2
	if half == 0 {
		return s.read(sockets, foundMax)
	}
	first, err := s.search(sockets[:half])
	if err != nil {
		return nil, err
	}
	second, err := s.search(sockets[half:])
	return append(first, second...), err
}

// walkTables runs an iterator until all of every table was looked at, so many slots
// at a time. It returns how much was found.
func walkTables(i *iterator, memory *ebpf.Memory, head searchHead, slots int) (found int, err error) {
	var raw [unsafe.Sizeof(head)]byte
	for {
		if _, err := binary.Encode(raw[:], binary.NativeEndian, &head); err != nil {
			return 0, err
		}
		if _, err := memory.WriteAt(raw[:], 0); err != nil {
			return 0, fmt.Errorf("write what to search: %w", err)
		}
		if _, err := i.walk(); err != nil {
			return 0, err
		}
		if _, err := memory.ReadAt(raw[:], 0); err != nil {
			return 0, fmt.Errorf("read what was found: %w", err)
		}
		if _, err := binary.Decode(raw[:], binary.NativeEndian, &head); err != nil {
			return 0, err
		}
		if head.Unfinished == 0 {
			return int(head.Found), nil
		}
		head.First += uint32(slots)
		head.Unfinished, head.LastFiles = 0, 0
	}
}

// seek writes the sockets, and forgets the files of the last search.
func (s *tableSearch) seek(sockets []event.SocketRef) error {
	s.buffer = s.buffer[:0]
	for _, socket := range sockets {
		s.buffer = binary.NativeEndian.AppendUint64(s.buffer, socket.Address)
		s.buffer = binary.NativeEndian.AppendUint64(s.buffer, socket.Inode)
	}
	if _, err := s.memory.WriteAt(s.buffer, socketsAt); err != nil {
		return err
	}
	var zeros [4096]byte // in parts: the whole has a quarter of a megabyte, and would be left behind each time
	for at := bloomAt; at < holdersAt; at += int64(len(zeros)) {
		if _, err := s.memory.WriteAt(zeros[:min(int64(len(zeros)), holdersAt-at)], at); err != nil {
			return err
		}
	}
	return nil
}

func (s *tableSearch) read(sockets []event.SocketRef, count int) ([]event.Holder, error) {
	raw := make([]byte, count*sizeOfFound)
	if _, err := s.memory.ReadAt(raw, holdersAt); err != nil {
		return nil, fmt.Errorf("read what was found: %w", err)
	}
	holders := make([]event.Holder, 0, count)
	for ; len(raw) > 0; raw = raw[sizeOfFound:] {
		found, err := view[bpf.ContextFoundHolder](raw)
		if err != nil {
			return nil, err
		}
		if int(found.Socket) >= len(sockets) {
			return nil, fmt.Errorf("search found socket %d of %d", found.Socket, len(sockets))
		}
		holders = append(holders, event.Holder{
			Socket:  sockets[found.Socket],
			Process: s.names.process(&found.Process, found.Cgroup),
			Started: found.Started,
		})
	}
	return holders, nil
}
