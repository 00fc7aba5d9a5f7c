package probe

import (
	"unsafe"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// interner spares allocations for what records have in common with those before
// them: names, and numbers that are optional. The zero value is ready.
type interner struct {
	names    [256]string // each where its hash says; a later one replaces it
	windows  event.ValueArena[uint16]
	offsets  event.ValueArena[int32]
	uids     event.ValueArena[uint32]
	counts   event.ValueArena[uint32]
	payloads payloads
	frames   frames
	commands commands
}

// bytesOfText is the same memory.
func bytesOfText(c []int8) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(c))), len(c))
}

// text is a C string in a fixed array.
func (in *interner) text(c []int8) string {
	bytes := bytesOfText(c)
	hash := uint32(2166136261) // FNV-1a: whoever picks names that collide gains nothing
	for i, char := range bytes {
		if char == 0 {
			bytes = bytes[:i]
			break
		}
		hash = (hash ^ uint32(char)) * 16777619
	}
	if len(bytes) == 0 {
		return ""
	}
	name := &in.names[hash%uint32(len(in.names))]
	if *name != string(bytes) {
		*name = string(bytes)
	}
	return *name
}
