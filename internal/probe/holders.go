package probe

import (
	"fmt"
	"io"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// holderSearch finds the processes that hold sockets: a BPF iterator (5.8 and
// later). One system call walks all file tables in the kernel, with pids of the
// initial namespace.
type holderSearch interface {
	run(sockets []event.SocketRef) ([]event.Holder, error)
	// pause is how long to wait after a search that took so much CPU time.
	pause(took time.Duration) time.Duration
	close()
}

// iterator is a BPF iterator that is ready to run.
type iterator struct {
	program *ebpf.Program
	link    *link.Iter
}

func openIterator(l *loader, id hookID, p program) (*iterator, *Refusal) {
	program, err := l.load(id, p, event.Tracepoint, "")
	if err != nil {
		return nil, l.refuse(Refusal{event.Tracepoint, "load", err})
	}
	attached, err := link.AttachIter(link.IterOptions{Program: program})
	if err != nil {
		program.Close()
		return nil, l.refuse(Refusal{event.Tracepoint, "attach", err})
	}
	return &iterator{program, attached}, nil
}

func (i *iterator) close() {
	i.link.Close()
	i.program.Close()
}

// walk runs the iterator once and returns what it printed.
func (i *iterator) walk() ([]byte, error) {
	reader, err := i.link.Open()
	if err != nil {
		return nil, fmt.Errorf("walk file tables: %w", explain(err))
	}
	defer reader.Close()
	data, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("walk file tables: %w", explain(err))
	}
	return data, nil
}

// openHolderSearch prefers the walk that takes no references to files.
func (s *Session) openHolderSearch(state *hookState) {
	if s.holders != nil {
		state.status.Method = event.Tracepoint // it was opened before
	} else if s.kernel.loops {
		search, refusal := openTableSearch(s.loader)
		if refusal != nil {
			state.status.Refused = append(state.status.Refused, *refusal)
			s.kernel.loops = false // nor does the search for listeners work
		} else {
			s.holders, state.status.Method = search, event.Tracepoint
		}
	}
	state.status.Function = s.kernel.tableIterator()
	if s.holders != nil {
		return
	}
	found, refusal := openIterator(s.loader, holdersHook, s.loader.programOf(holdersHook))
	state.settle(refusal)
	if refusal == nil {
		s.holders = &fileSearch{found}
	}
}

// fileSearch takes a reference to every open file of the host, one after the other,
// and looks for all sockets of recent resets. For kernels before 5.17.
type fileSearch struct{ *iterator }

func (s *fileSearch) run([]event.SocketRef) ([]event.Holder, error) {
	data, err := s.walk()
	if err != nil {
		return nil, err
	}
	var names interner
	holders := make([]event.Holder, 0, len(data)/sizeOfHolder)
	for ; len(data) >= sizeOfHolder; data = data[sizeOfHolder:] {
		record, err := view[holderRecord](data)
		if err != nil {
			return nil, err
		}
		holders = append(holders, names.holder(record))
	}
	return holders, nil
}

// A walk takes so long there that a hundredth of a core would leave most owners unknown.
func (s *fileSearch) pause(took time.Duration) time.Duration { return 10 * took }

// threadTime is the CPU time of the calling thread.
func threadTime() time.Duration {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now) != nil {
		return 0 // Linux has had this clock since 2.6.12
	}
	return time.Duration(now.Nano())
}
