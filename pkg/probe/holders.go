package probe

import (
	"fmt"
	"io"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// holderIterator finds descriptors that refer to awaited sockets. It is a BPF
// iterator (5.8 and later): one system call walks all file tables in the
// kernel, with pids of the initial namespace, and prints only what matches.
type holderIterator struct {
	program *ebpf.Program
	link    *link.Iter
}

func openHolderIterator(l *loader, object *ebpf.CollectionSpec) (*holderIterator, *Refusal) {
	program, err := l.load(object, holdersIterator, event.Tracepoint)
	if err != nil {
		return nil, l.refuse(Refusal{event.Tracepoint, "load", err})
	}
	iterator, err := link.AttachIter(link.IterOptions{Program: program})
	if err != nil {
		program.Close()
		return nil, l.refuse(Refusal{event.Tracepoint, "attach", err})
	}
	return &holderIterator{program, iterator}, nil
}

func (h *holderIterator) close() {
	h.link.Close()
	h.program.Close()
}

func (h *holderIterator) run() ([]event.Holder, error) {
	reader, err := h.link.Open()
	if err != nil {
		return nil, fmt.Errorf("walk file tables: %w", explain(err))
	}
	defer reader.Close()
	data, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("walk file tables: %w", explain(err))
	}
	var known repeats
	holders := make([]event.Holder, 0, len(data)/sizeOfHolder)
	for ; len(data) >= sizeOfHolder; data = data[sizeOfHolder:] {
		record, err := view[holderRecord](data)
		if err != nil {
			return nil, err
		}
		holders = append(holders, known.holder(record))
	}
	return holders, nil
}
