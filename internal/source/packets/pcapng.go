package packets

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// Block types of pcapng (draft-ietf-opsawg-pcapng).
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 2 // obsolete
	blockSimple    = 3
	blockEnhanced  = 6

	orderMagic    = 0x1a2b3c4d
	blockOverhead = 12
	blockMax      = frameMax + 1<<20 // a packet and its options
	interfacesMax = 1 << 16
)

// Options of an interface.
const (
	optionName       = 2
	optionResolution = 9
	optionOffset     = 14
)

// pcapngFile reads pcapng. Every section has its own byte order and its own interfaces.
// The library that reads it elsewhere takes option numbers of packets as little-endian
// in all of them. This reader looks only at the options of interfaces.
type pcapngFile struct {
	in         *bufio.Reader
	big        bool
	interfaces []netInterface
	large      []byte
}

// netInterface is how the frames of one interface are to be read.
type netInterface struct {
	link   uint32
	snap   uint32
	name   string
	unit   uint64 // of time, in a second
	offset int64  // seconds
}

// isPcapng reports whether a file begins as a pcapng file does.
func isPcapng(head []byte) bool {
	return len(head) >= 4 && binary.LittleEndian.Uint32(head) == blockSection
}

func openPcapng(in *bufio.Reader) *pcapngFile { return &pcapngFile{in: in} }

func (f *pcapngFile) next(to *frame) error {
	for {
		kind, body, err := f.block()
		if err != nil {
			return err
		}
		switch kind {
		case blockSection:
			f.interfaces = f.interfaces[:0]
		case blockInterface:
			if err := f.addInterface(body); err != nil {
				return err
			}
		case blockEnhanced, blockPacket:
			return f.enhanced(kind, body, to)
		case blockSimple:
			return f.simple(body, to)
		}
	}
}

// block reads the next block and returns its body, which is valid until the next one.
func (f *pcapngFile) block() (kind uint32, body []byte, err error) {
	head, err := f.in.Peek(blockOverhead)
	if err != nil {
		if len(head) == 0 && errors.Is(err, io.EOF) {
			return 0, nil, io.EOF
		}
		return 0, nil, whole(err)
	}
	if binary.LittleEndian.Uint32(head) == blockSection {
		switch {
		case binary.LittleEndian.Uint32(head[8:]) == orderMagic:
			f.big = false
		case binary.BigEndian.Uint32(head[8:]) == orderMagic:
			f.big = true
		default:
			return 0, nil, errors.New("a section without a byte order: the file is damaged")
		}
	}
	kind = f.uint32(head)
	size := f.uint32(head[4:])
	if size < blockOverhead || size%4 != 0 || size > blockMax {
		return 0, nil, fmt.Errorf("a block of %d bytes: the file is damaged", size)
	}
	var all []byte
	all, f.large, err = take(f.in, int(size), f.large)
	if err != nil {
		return 0, nil, err
	}
	if again := f.uint32(all[size-4:]); again != size {
		return 0, nil, fmt.Errorf("a block of %d bytes that ends as one of %d: the file is damaged", size, again)
	}
	return kind, all[8 : size-4], nil
}

func (f *pcapngFile) addInterface(body []byte) error {
	if len(body) < 8 {
		return errors.New("a short description of an interface: the file is damaged")
	}
	if len(f.interfaces) >= interfacesMax {
		return errors.New("more than 65 536 interfaces: the file is damaged")
	}
	const micros = 1_000_000
	i := netInterface{link: uint32(f.uint16(body)), snap: f.uint32(body[4:]), unit: micros}
	f.options(body[8:], func(code uint16, value []byte) {
		switch {
		case code == optionName:
			i.name = cleanName(value)
		case code == optionResolution && len(value) == 1:
			i.unit = resolution(value[0])
		case code == optionOffset && len(value) == 8:
			i.offset = int64(f.uint64(value))
		}
	})
	if i.unit == 0 {
		return errors.New("a resolution of time that no clock has: the file is damaged")
	}
	f.interfaces = append(f.interfaces, i)
	return nil
}

// nameMax is more than any system allows.
const nameMax = 256

func cleanName(value []byte) string {
	value = value[:min(len(value), nameMax)]
	for i, c := range value {
		if c == 0 {
			value = value[:i]
			break
		}
	}
	return string(value)
}

// resolution is the units of time in a second: a power of ten, or of two where the
// highest bit says so. It is 0 where no number has so much room.
func resolution(v byte) uint64 {
	power := v & 0x7f
	if v&0x80 != 0 {
		if power > 63 {
			return 0
		}
		return 1 << power
	}
	if power > 19 {
		return 0
	}
	unit := uint64(1)
	for range power {
		unit *= 10
	}
	return unit
}

func (f *pcapngFile) options(list []byte, each func(code uint16, value []byte)) {
	for len(list) >= 4 {
		code, size := f.uint16(list), int(f.uint16(list[2:]))
		list = list[4:]
		if code == 0 || size > len(list) {
			return
		}
		each(code, list[:size])
		list = list[min(len(list), (size+3)&^3):]
	}
}

// enhanced reads a packet with an interface and a time.
func (f *pcapngFile) enhanced(kind uint32, body []byte, to *frame) error {
	const header = 20
	if len(body) < header {
		return errors.New("a short packet block: the file is damaged")
	}
	number := f.uint32(body)
	if kind == blockPacket { // 16 bits of the interface, 16 of dropped packets
		number = uint32(f.uint16(body))
	}
	stamp := uint64(f.uint32(body[4:]))<<32 | uint64(f.uint32(body[8:]))
	captured, length := f.uint32(body[12:]), f.uint32(body[16:])
	if uint64(captured) > uint64(len(body)-header) {
		return fmt.Errorf("a packet of %d bytes in a block of %d: the file is damaged", captured, len(body))
	}
	if int(number) >= len(f.interfaces) {
		return fmt.Errorf("a packet of interface %d, which the file does not describe", number)
	}
	i := &f.interfaces[number]
	to.data, to.length = body[header:header+captured], int(min(length, frameMax))
	to.time, to.link, to.ifname = i.nanos(stamp), i.link, i.name
	return nil
}

// simple reads a packet that has no time. It belongs to the first interface.
func (f *pcapngFile) simple(body []byte, to *frame) error {
	if len(body) < 4 || len(f.interfaces) == 0 {
		return errors.New("a packet without an interface: the file is damaged")
	}
	i := &f.interfaces[0]
	length := f.uint32(body)
	captured := min(uint32(len(body)-4), length)
	if i.snap > 0 {
		captured = min(captured, i.snap)
	}
	to.data, to.length = body[4:4+captured], int(min(length, frameMax))
	to.link, to.ifname = i.link, i.name // its time stays that of the packet before
	return nil
}

// nanos is a time of the interface since 1970.
func (i *netInterface) nanos(stamp uint64) int64 {
	const second = 1_000_000_000
	whole := stamp / i.unit
	hi, lo := bits.Mul64(stamp%i.unit, second)
	part, _ := bits.Div64(hi, lo, i.unit)
	return (int64(whole)+i.offset)*second + int64(part)
}

func (f *pcapngFile) uint16(b []byte) uint16 {
	if f.big {
		return binary.BigEndian.Uint16(b)
	}
	return binary.LittleEndian.Uint16(b)
}

func (f *pcapngFile) uint32(b []byte) uint32 {
	if f.big {
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}

func (f *pcapngFile) uint64(b []byte) uint64 {
	if f.big {
		return binary.BigEndian.Uint64(b)
	}
	return binary.LittleEndian.Uint64(b)
}
