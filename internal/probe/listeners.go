package probe

import (
	"fmt"
	"net/netip"
	"unsafe"

	"github.com/cilium/ebpf"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Listener is a socket that listens.
type Listener struct {
	At     netip.AddrPort
	Netns  uint32          // inode number
	Socket event.SocketRef // without Cookie
}

type listenerNote = bpf.ContextListenerNote

const sizeOfListener = int(unsafe.Sizeof(listenerNote{}))

// Listeners are the sockets that listen now in all network namespaces, as the notes of
// the kernel side have them. A note may have given way to a newer one, so a few may be
// missing. It is empty if not all listeners have left notes.
func (s *Session) Listeners() ([]Listener, error) {
	memory, err := s.listenerNotes()
	if memory == nil || err != nil {
		return nil, err
	}
	var found []Listener
	raw := make([]byte, sizeOfListener) // one at a time: a daemon would leave half a megabyte behind with each call
	for at := 0; at+sizeOfListener <= int(memory.Size()); at += sizeOfListener {
		if _, err := memory.ReadAt(raw, int64(at)); err != nil {
			return nil, fmt.Errorf("read the notes of listeners: %w", err)
		}
		note, err := view[listenerNote](raw)
		if err != nil {
			return nil, err
		}
		if note.Sk != 0 && note.Closing.TimeNs == 0 && isWhole(raw, note) {
			found = append(found, listenerOf(note))
		}
	}
	return found, nil
}

// listenerNotes are the notes of the kernel side; nil if not all listeners have left some.
// The library maps them at the first call, and does not allow two at once.
func (s *Session) listenerNotes() (*ebpf.Memory, error) {
	s.attaching.Lock()
	defer s.attaching.Unlock()
	notes, ok := s.maps["listening"]
	if !ok || !s.loader.listenersNoted {
		return nil, nil
	}
	memory, err := notes.Memory()
	if err != nil {
		return nil, fmt.Errorf("map the notes of listeners: %w", err)
	}
	return memory, nil
}

// isWhole is IS_WHOLE of bpf/listeners.h: the note was not written in the meantime.
func isWhole(raw []byte, note *listenerNote) bool {
	const first = 0x9e3779b97f4a7c15
	words := unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(raw))), len(raw)/8)
	sum := uint64(first)
	for i, word := range words[1:] { // behind the checksum
		sum += word * ((first ^ uint64(i)*0xff51afd7ed558ccd) | 1)
	}
	return sum == note.Check
}

func listenerOf(note *listenerNote) Listener {
	family := event.IPv4
	if note.Tuple.PeerPort == afINET6 {
		family = event.IPv6
	}
	at := endpoint(&note.Tuple.Local, note.Tuple.LocalPort, family)
	return Listener{
		At: netip.AddrPortFrom(at.Addr, at.Port), Netns: note.Netns,
		Socket: event.SocketRef{Address: note.Sk, Inode: uint64(note.Inode)},
	}
}
