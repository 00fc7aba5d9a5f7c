package probe

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	sizeOfReset = int(unsafe.Sizeof(resetRecord{}))
	// Where a reset_record may end: RESET_WITHOUT_SOCKET of bpf/record.h.
	resetWithoutSocket = int(unsafe.Offsetof(resetRecord{}.Inode))
	sizeOfHolder       = int(unsafe.Sizeof(holderRecord{}))
	sizeOfColumnKey    = int(unsafe.Sizeof(bpf.ContextColumnKey{}))
)

// view lays a record over its bytes without copying. The ring and the iterator
// align records to 8 bytes; anything else is copied first.
func view[T any](sample []byte) (*T, error) {
	if size := int(unsafe.Sizeof(*new(T))); len(sample) < size {
		return nil, fmt.Errorf("record of %d bytes where %d are due: BPF objects and rsttrace do not fit together", len(sample), size)
	}
	if uintptr(unsafe.Pointer(&sample[0]))%8 != 0 {
		record := new(T) // here only: it is an allocation
		copy(unsafe.Slice((*byte)(unsafe.Pointer(record)), unsafe.Sizeof(*record)), sample)
		return record, nil
	}
	return (*T)(unsafe.Pointer(&sample[0])), nil
}

// viewReset is view for the one record that may end early. A shorter one is
// valid until the next call.
func (s *Session) viewReset(sample []byte) (*resetRecord, error) {
	if len(sample) != resetWithoutSocket {
		return view[resetRecord](sample)
	}
	whole := (*[sizeOfReset]byte)(unsafe.Pointer(&s.shortReset))
	clear(whole[copy(whole[:], sample):])
	return &s.shortReset, nil
}

// decode adds one record of the ring to the batch.
func (s *Session) decode(sample []byte, batch *Batch) error {
	if len(sample) < 4 {
		return fmt.Errorf("record of %d bytes", len(sample))
	}
	switch kind := bpf.ContextRecordKind(binary.NativeEndian.Uint32(sample)); kind {
	case bpf.ContextRecordKindRECORD_RESET:
		record, err := s.viewReset(sample)
		if err != nil {
			return err
		}
		if len(batch.Resets) < cap(batch.Resets) {
			batch.Resets = batch.Resets[:len(batch.Resets)+1]
		} else {
			batch.Resets = append(batch.Resets, event.Event{})
		}
		s.decodeReset(record, &batch.Resets[len(batch.Resets)-1])
		return nil
	case bpf.ContextRecordKindRECORD_HOLDER:
		record, err := view[holderRecord](sample)
		if err != nil {
			return err
		}
		batch.Holders = append(batch.Holders, s.reader.interner.holder(record))
		return nil
	case bpf.ContextRecordKindRECORD_MODULE:
		record, err := view[bpf.ContextModuleRecord](sample)
		if err != nil {
			return err
		}
		batch.modules = append(batch.modules, text(record.Name[:]))
		return nil
	case bpf.ContextRecordKindRECORD_SIGNAL:
		record, err := view[signalRecord](sample)
		if err != nil {
			return err
		}
		batch.Signals = append(batch.Signals, s.decodeSignal(record))
		return nil
	case bpf.ContextRecordKindRECORD_ERROR:
		record, err := view[errorRecord](sample)
		if err != nil {
			return err
		}
		batch.report(s.decodeError(record))
		return nil
	case bpf.ContextRecordKindRECORD_CGROUP:
		record, err := view[cgroupRecord](sample)
		if err != nil {
			return err
		}
		batch.Cgroups = append(batch.Cgroups, Cgroup{ID: record.Id, Path: text(record.Path[:])})
		return nil
	case bpf.ContextRecordKindRECORD_PAYLOAD:
		record, err := view[payloadRecord](sample)
		if err != nil {
			return err
		}
		s.reader.interner.payloads.add(record)
		return nil
	case bpf.ContextRecordKindRECORD_COMMAND:
		record, err := view[commandRecord](sample)
		if err != nil {
			return err
		}
		s.reader.interner.commands.add(record)
		return nil
	case bpf.ContextRecordKindRECORD_FRAME:
		record, err := view[frameRecord](sample)
		if err != nil {
			return err
		}
		s.reader.interner.frames.add(record)
		return nil
	default:
		return fmt.Errorf("record of unknown kind %d", kind)
	}
}

func (s *Session) decodeReset(r *resetRecord, e *event.Event) {
	evidence := decodeEvidence(&r.Evidence, s.kernel)
	hook, via := s.place(evidence)
	in := &s.reader.interner
	*e = event.Event{
		Schema:       event.SchemaVersion,
		Time:         s.reader.clock.wall(r.TimeNs),
		Family:       evidence.Family,
		Local:        endpoint(&r.Tuple.Local, r.Tuple.LocalPort, evidence.Family),
		Peer:         endpoint(&r.Tuple.Peer, r.Tuple.PeerPort, evidence.Family),
		State:        evidence.StateBefore(),
		Netns:        event.Netns{Inode: r.Tuple.Netns},
		Hook:         hook,
		Via:          via,
		KernelReason: evidence.Reason,
		Evidence:     evidence,
		Stack:        s.stacks.of(r.Stack),
	}
	e.Kernel = event.KernelContext{
		Current:      in.process(&r.Current, r.CurrentCgroup),
		Closer:       in.process(&r.Closer, r.CloserCgroup),
		Connector:    in.process(&r.Connector, 0),
		Socket:       event.SocketRef{Address: r.Sk, Inode: r.Inode, Cookie: r.Cookie},
		Listener:     event.SocketRef{Address: r.Listener, Inode: r.ListenerInode},
		Cgroup:       r.Cgroup,
		RcvNxt:       r.Expected.RcvNxt,
		Window:       r.Expected.Window,
		Closing:      decodeClosing(r, s.reader.clock.jiffy),
		HookNanos:    r.TimeNs,
		PendingErrno: errnoName(r.Conn.Error),
	}
	if r.Parent.Pid != 0 {
		e.Kernel.Current.Parent = event.ProcessRef{PID: r.Parent.Pid, Comm: in.text(r.Parent.Comm[:])}
	}
	if in.commands.next > 0 && cause.ActedByOther(evidence) {
		e.Kernel.Command = in.commands.of(r)
	}
	if e.Kernel.Current.Exiting {
		e.Kernel.Current.KilledBy = in.killer(r, r.Current.ExitStatus)
	} else if e.Kernel.Closer.Exiting {
		e.Kernel.Closer.KilledBy = in.killer(r, r.Closer.ExitStatus)
	}
	if evidence.Has(event.FactRemembered) {
		e.State = stateLeft(e.Kernel.Closing)
	}
	if evidence.Chain != 0 {
		e.Chain = evidence.Chain.String()
		e.Forwarded = evidence.Chain == event.ChainForward
	}
	in.segments(r, e)
	in.addFrames(r, e)
	if evidence.Socket == event.SockFull && evidence.State != event.StateListen {
		in.connStats(r, e, s.reader.clock.jiffy)
	}
	e.Conn.Role = roleIn(r, e)
	if q := &r.Queue; q.Limit != 0 {
		e.Listener = event.Listener{Known: true, Backlog: q.Limit - 1, Used: q.Length}
	}
}

// stateLeft is the last state of a closed connection that is known: not of what
// stands in its place now.
func stateLeft(c event.Closing) event.State {
	if c.To == event.StateClose {
		return c.From
	}
	return c.To
}

// decodeClosing takes the length of a jiffy, by which the kernel side counts.
func decodeClosing(r *resetRecord, jiffy time.Duration) event.Closing {
	c := &r.Closing
	if c.TimeNs == 0 || r.TimeNs < c.TimeNs {
		return event.Closing{}
	}
	return event.Closing{
		Ago:         time.Duration(max(1, r.TimeNs-c.TimeNs)),
		Precision:   jiffy,
		From:        event.State(c.From),
		To:          event.State(c.To),
		Unread:      c.Unread != 0,
		LingerZero:  c.LingerZero != 0,
		EndedBy:     event.EndedBy(c.By),
		OwnerClosed: c.ByClose != 0,
		Role:        decodeRole(c.Role),
		IdleMillis:  millisSinceNote(c.Idle, jiffy),
	}
}

func endpoint(address *[16]uint8, port uint16, family event.Family) event.Endpoint {
	if family == event.IPv6 {
		return event.Endpoint{Addr: netip.AddrFrom16(*address).Unmap(), Port: port}
	}
	return event.Endpoint{Addr: netip.AddrFrom4([4]byte(address[:4])), Port: port}
}

func (in *interner) process(p *bpf.ContextProcess, cgroup uint64) event.Process {
	if p.Known == 0 {
		return event.Process{}
	}
	return event.Process{
		PID:        p.Pid,
		TID:        p.Tid,
		Comm:       in.text(p.Comm[:]),
		UID:        p.Uid,
		Cgroup:     cgroup,
		Kernel:     p.Kernel != 0,
		Exiting:    p.Exiting != 0,
		Creator:    p.Creator != 0,
		ExitStatus: p.ExitStatus,
	}
}

// statusOOM is STATUS_OOM of bpf/record.h.
const statusOOM = 0x100

// killer is who sent the signal that ended a process of the record, with this status.
func (in *interner) killer(r *resetRecord, status uint32) event.Killer {
	k := &r.Killer
	killer := event.Killer{OOM: status&0x7f != 0 && status&statusOOM != 0}
	if killer.OOM {
		killer.Kernel = true
		return killer
	}
	if k.Known != 0 {
		killer.PID, killer.Kernel, killer.Comm = k.Pid, k.Kernel != 0, in.text(k.Comm[:])
	}
	return killer
}

func (in *interner) holder(r *holderRecord) event.Holder {
	return event.Holder{
		Socket:  event.SocketRef{Address: r.Sk, Inode: r.Inode},
		Process: in.process(&r.Process, r.Cgroup),
		Started: r.Started,
		Closed:  r.Closed != 0,
	}
}

func (s *Session) decodeSignal(r *signalRecord) event.Signal {
	return event.Signal{Time: s.reader.clock.wall(r.TimeNs), Process: s.reader.interner.process(&r.Process, 0), Fatal: r.Fatal != 0}
}

func (s *Session) decodeError(r *errorRecord) event.LateError {
	return event.LateError{
		SocketError: event.SocketError{
			Errno: errnoName(r.Error),
			After: time.Duration(r.TimeNs - r.ResetTimeNs),
		},
		Time:      s.reader.clock.wall(r.TimeNs),
		Socket:    r.ResetSk,
		HookNanos: r.ResetTimeNs,
	}
}

// errnoName is "" for no error. The kernel has a few for itself, which have no
// name and which no application gets.
func errnoName(errno uint32) string {
	if errno == 0 {
		return ""
	}
	return unix.ErrnoName(unix.Errno(errno))
}

// text is a C string in a fixed array.
func text(c []int8) string {
	bytes := make([]byte, 0, 32)
	for _, char := range c {
		if char == 0 {
			break
		}
		bytes = append(bytes, byte(char))
	}
	return string(bytes)
}

// The generated names, in one place.
type (
	resetRecord   = bpf.ContextResetRecord
	holderRecord  = bpf.ContextHolderRecord
	signalRecord  = bpf.ContextSignalRecord
	errorRecord   = bpf.ContextErrorRecord
	payloadRecord = bpf.ContextPayloadRecord
	cgroupRecord  = bpf.ContextCgroupRecord
	frameRecord   = bpf.ContextFrameRecord
	commandRecord = bpf.ContextCommandRecord
)
