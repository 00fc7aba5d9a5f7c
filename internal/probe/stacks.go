package probe

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
)

// stacks turns the kernel's stack ids into function names. Each stack is read
// and named once.
type stacks struct {
	table     *ebpf.Map
	addresses []uint64 // of symbols, ascending
	names     []string
	known     map[int32][]string
}

// openStacks reads the kernel's symbols, some ten megabytes of them, while the
// process is still allowed to see their addresses.
func openStacks(table *ebpf.Map) (*stacks, error) {
	file, err := os.Open(kallsyms)
	if err != nil {
		return nil, fmt.Errorf("stacks: %w", err)
	}
	defer file.Close()
	s := &stacks{table: table, known: make(map[int32][]string)}
	type symbol struct {
		address uint64
		name    string
	}
	var symbols []symbol
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := bytes.Fields(lines.Bytes())
		if len(fields) < 3 || fields[1][0] != 't' && fields[1][0] != 'T' {
			continue // not code
		}
		address, err := strconv.ParseUint(string(fields[0]), 16, 64)
		if err != nil || address == 0 {
			continue
		}
		symbols = append(symbols, symbol{address, string(fields[2])})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("stacks: %s: %w", kallsyms, err)
	}
	slices.SortFunc(symbols, func(a, b symbol) int {
		switch {
		case a.address < b.address:
			return -1
		case a.address > b.address:
			return 1
		default:
			return 0
		}
	})
	for _, sym := range symbols {
		s.addresses = append(s.addresses, sym.address)
		s.names = append(s.names, sym.name)
	}
	return s, nil
}

// of returns the functions of a stack, innermost first; nil where it is not
// known.
func (s *stacks) of(id int32) []string {
	if s == nil || id < 0 {
		return nil
	}
	if frames, ok := s.known[id]; ok {
		return frames
	}
	raw, err := s.table.LookupBytes(uint32(id))
	if err != nil || raw == nil {
		return nil
	}
	var frames []string
	for ; len(raw) >= 8; raw = raw[8:] {
		address := binary.NativeEndian.Uint64(raw)
		if address == 0 {
			break
		}
		name := s.name(address)
		if len(frames) == 0 && isOwn(name) {
			continue
		}
		frames = append(frames, name)
	}
	s.known[id] = frames
	return frames
}

// isOwn: the innermost frames are rsttrace's program and what called it.
func isOwn(name string) bool {
	return strings.HasPrefix(name, "0x") || strings.HasPrefix(name, "bpf_")
}

// functionMax is longer than any kernel function: what is further from a symbol
// belongs to none.
const functionMax = 1 << 20

// name is FUNCTION+0xOFFSET, or the address where symbols are hidden.
func (s *stacks) name(address uint64) string {
	at := sort.Search(len(s.addresses), func(i int) bool { return s.addresses[i] > address }) - 1
	if at < 0 || address-s.addresses[at] > functionMax {
		return fmt.Sprintf("%#x", address)
	}
	return fmt.Sprintf("%s+%#x", s.names[at], address-s.addresses[at])
}
