package actor

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ring is an io_uring with room for one request at a time: as much of
// include/uapi/linux/io_uring.h as that takes.
type ring struct {
	fd          int
	parameters  ringParameters
	submissions []byte
	completions []byte
	requests    []byte
}

// ringParameters is struct io_uring_params.
type ringParameters struct {
	submissionEntries, completionEntries uint32
	flags, cpu, idle, features, workers  uint32
	reserved                             [3]uint32
	submission                           struct {
		head, tail, mask, entries, flags, dropped, array, reserved uint32
		address                                                    uint64
	}
	completion struct {
		head, tail, mask, entries, overflow, entriesAt, flags, reserved uint32
		address                                                         uint64
	}
}

// ringRequest is struct io_uring_sqe.
type ringRequest struct {
	opcode, flags uint8
	priority      uint16
	fd            int32
	rest          [7]uint64
}

// ringResult is struct io_uring_cqe.
type ringResult struct {
	userData uint64
	result   int32
	flags    uint32
}

const (
	ringEntries       = 1
	atSubmissions     = 0          // IORING_OFF_SQ_RING
	atCompletions     = 0x8000000  // IORING_OFF_CQ_RING
	atRequests        = 0x10000000 // IORING_OFF_SQES
	ringGetEvents     = 1          // IORING_ENTER_GETEVENTS
	ringRegisterFiles = 2          // IORING_REGISTER_FILES
	ringOpClose       = 19         // IORING_OP_CLOSE
	ringOpReceive     = 27         // IORING_OP_RECV
)

func openRing() (*ring, error) {
	r := &ring{}
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, ringEntries, uintptr(unsafe.Pointer(&r.parameters)), 0)
	if errno != 0 {
		return nil, errno
	}
	r.fd = int(fd)
	unix.CloseOnExec(r.fd)
	p := &r.parameters
	var err error
	for _, area := range []struct {
		memory *[]byte
		offset int64
		size   uintptr
	}{
		{&r.submissions, atSubmissions, uintptr(p.submission.array) + uintptr(p.submissionEntries)*4},
		{&r.completions, atCompletions, uintptr(p.completion.entriesAt) + uintptr(p.completionEntries)*unsafe.Sizeof(ringResult{})},
		{&r.requests, atRequests, uintptr(p.submissionEntries) * unsafe.Sizeof(ringRequest{})},
	} {
		*area.memory, err = unix.Mmap(r.fd, area.offset, int(area.size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
		if err != nil {
			r.close()
			return nil, err
		}
	}
	return r, nil
}

func (r *ring) close() {
	r.unmap()
	unix.Close(r.fd)
}

func (r *ring) unmap() {
	for _, memory := range [][]byte{r.submissions, r.completions, r.requests} {
		if memory != nil {
			_ = unix.Munmap(memory)
		}
	}
}

func word(memory []byte, offset uint32) *uint32 { return (*uint32)(unsafe.Pointer(&memory[offset])) }

// do submits one request and waits for its result.
func (r *ring) do(request ringRequest) error {
	p := &r.parameters
	*(*ringRequest)(unsafe.Pointer(&r.requests[0])) = request
	*word(r.submissions, p.submission.array) = 0
	atomic.AddUint32(word(r.submissions, p.submission.tail), 1)
	if _, err := retry(func() (int, error) {
		n, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), 1, 1, ringGetEvents, 0, 0)
		if errno != 0 {
			return 0, errno
		}
		return int(n), nil
	}); err != nil {
		return err
	}
	head := word(r.completions, p.completion.head)
	if *head == atomic.LoadUint32(word(r.completions, p.completion.tail)) {
		return errors.New("no result")
	}
	result := *(*ringResult)(unsafe.Pointer(&r.completions[p.completion.entriesAt]))
	atomic.AddUint32(head, 1)
	if result.result < 0 {
		return unix.Errno(-result.result)
	}
	return nil
}

// closeByRing closes a descriptor through an io_uring.
func closeByRing(r Request) (Reply, error) {
	ring, err := openRing()
	if err != nil {
		return Reply{}, err
	}
	defer ring.close()
	if err := ring.do(ringRequest{opcode: ringOpClose, flags: uint8(r.Flags), fd: int32(r.FD)}); err != nil {
		return Reply{}, err
	}
	var reply Reply
	err = eachThread(func(tid int) error {
		comm, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/comm", tid))
		if strings.HasPrefix(string(comm), "iou-wrk-") {
			reply.TID = tid
		}
		return err
	})
	return reply, err
}

// PeekByRing waits through an io_uring for data on a socket, and leaves them unread.
// Meanwhile the calling thread is in io_uring_enter, and the request refers to the file.
func PeekByRing(fd int) error {
	ring, err := openRing()
	if err != nil {
		return err
	}
	defer ring.close()
	buffer := make([]byte, 1)
	address := uint64(uintptr(unsafe.Pointer(&buffer[0])))
	err = ring.do(ringRequest{opcode: ringOpReceive, fd: int32(fd), rest: [7]uint64{1: address, 2: uint64(len(buffer)) | unix.MSG_PEEK<<32}})
	runtime.KeepAlive(buffer)
	return err
}

// installInRing makes an io_uring hold a file, which needs no descriptor then.
func installInRing(r Request) (Reply, error) {
	ring, err := openRing()
	if err != nil {
		return Reply{}, err
	}
	files := []int32{int32(r.FD)}
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(ring.fd), ringRegisterFiles,
		uintptr(unsafe.Pointer(&files[0])), uintptr(len(files)), 0, 0)
	runtime.KeepAlive(files)
	if errno != 0 {
		ring.close()
		return Reply{}, errno
	}
	ring.unmap() // it would keep the io_uring beyond its descriptor
	return Reply{FD: ring.fd}, nil
}
