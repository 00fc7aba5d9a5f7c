package packets

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// frame is a packet of a file. Its data is valid until the next one is read.
type frame struct {
	data   []byte
	length int   // on the wire
	time   int64 // nanoseconds since 1970
	link   uint32
	ifname string
}

// file reads one format.
type file interface {
	// next reads a frame. io.EOF is the end of a whole file.
	next(*frame) error
}

// frameMax is the largest frame that is believed: wireshark's limit is 256 KiB, and
// large segments on the loopback device are the reason for more.
const frameMax = 4 << 20

// errCut is the end of a file that was not written to its end.
var errCut = errors.New("the file is cut off in the middle of a packet")

// Magic numbers of pcap files: microseconds and nanoseconds.
const (
	magicMicros = 0xa1b2c3d4
	magicNanos  = 0xa1b23c4d
)

// pcapFile reads the classic format (draft-ietf-opsawg-pcap).
type pcapFile struct {
	in    *bufio.Reader
	order binary.ByteOrder
	big   bool
	unit  int64 // nanoseconds
	link  uint32
	large []byte // room for a frame larger than the buffer
}

const (
	pcapHeader   = 24
	recordHeader = 16
)

// isPcap reports whether a file begins as a pcap file does.
func isPcap(head []byte) bool {
	_, _, ok := pcapMagic(head)
	return ok
}

func pcapMagic(head []byte) (order binary.ByteOrder, unit int64, ok bool) {
	if len(head) < 4 {
		return nil, 0, false
	}
	for _, order := range [...]binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch order.Uint32(head) {
		case magicMicros:
			return order, 1000, true
		case magicNanos:
			return order, 1, true
		}
	}
	return nil, 0, false
}

func openPcap(in *bufio.Reader) (*pcapFile, error) {
	var head [pcapHeader]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, whole(err)
	}
	order, unit, ok := pcapMagic(head[:])
	if !ok {
		return nil, errors.New("it does not begin as a pcap file does")
	}
	if major := order.Uint16(head[4:]); major != 2 {
		return nil, fmt.Errorf("version %d of the pcap format: rsttrace reads version 2", major)
	}
	const linkMask = 0x0fffffff // above it is the length of a checksum
	f := &pcapFile{in: in, order: order, big: order == binary.BigEndian, unit: unit, link: order.Uint32(head[20:]) & linkMask}
	if !knownLinks[f.link] {
		return nil, fmt.Errorf("link type %d: rsttrace does not read it. Capture on an Ethernet, loopback or tunnel device, or on any", f.link)
	}
	return f, nil
}

func (f *pcapFile) next(to *frame) error {
	head, err := f.in.Peek(recordHeader)
	if err != nil {
		if len(head) == 0 && errors.Is(err, io.EOF) {
			return io.EOF
		}
		return whole(err)
	}
	seconds, part := f.uint32(head), f.uint32(head[4:])
	captured, length := f.uint32(head[8:]), f.uint32(head[12:])
	if captured > frameMax {
		return fmt.Errorf("a packet of %d bytes: the file is damaged", captured)
	}
	_, _ = f.in.Discard(recordHeader)
	to.data, f.large, err = take(f.in, int(captured), f.large)
	if err != nil {
		return err
	}
	to.length = int(min(length, frameMax))
	to.time = int64(seconds)*1e9 + int64(part)*f.unit
	to.link = f.link
	return nil
}

// uint32 spares the call through an interface.
func (f *pcapFile) uint32(b []byte) uint32 {
	if f.big {
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}

// take returns the next n bytes, in the buffer of the reader if they fit there. Memory
// for more grows with what really comes, whatever the file says.
func take(in *bufio.Reader, n int, room []byte) (data, kept []byte, err error) {
	if n <= in.Size() {
		data, err = in.Peek(n)
		if err != nil {
			return nil, room, whole(err)
		}
		_, err = in.Discard(n)
		return data, room, err
	}
	room = room[:0]
	for len(room) < n {
		part, err := in.Peek(min(n-len(room), in.Size()))
		if err != nil {
			return nil, room, whole(err)
		}
		room = append(room, part...)
		_, _ = in.Discard(len(part))
	}
	return room, room, nil
}

// whole says that a file ended too early, where it did.
func whole(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errCut
	}
	return err
}
