package pcapng

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Reader reads the blocks of a file, one after the other.
type Reader struct {
	input  io.Reader
	offset int64 // of the next block
	order  binary.ByteOrder
	head   [blockMin]byte
	body   []byte
}

// NewReader returns a Reader of a file that begins with a section header.
func NewReader(input io.Reader) *Reader { return &Reader{input: input, order: binary.LittleEndian} }

// Block is a block as it was read. It is valid until the next one.
type Block struct {
	Type uint32
	// Order is that of the numbers in it.
	Order binary.ByteOrder
	// Body is what is between the two lengths.
	Body []byte
}

// ErrCut is the error for a file that ends inside a block. All before it was read.
var ErrCut = errors.New("the file is cut off")

// ErrDamaged is the error for bytes that are no block. All before them was read.
var ErrDamaged = errors.New("damaged")

// Next returns the next block. At the end of the file the error is io.EOF.
func (r *Reader) Next() (Block, error) {
	n, err := io.ReadFull(r.input, r.head[:])
	switch {
	case errors.Is(err, io.EOF):
		return Block{}, io.EOF
	case err != nil:
		return Block{}, r.wrong(err)
	}
	if kind := r.order.Uint32(r.head[:]); kind == SectionHeader {
		order := orderOf(r.head[headerSize:])
		if order == nil {
			return Block{}, r.damaged("a section without a byte order")
		}
		r.order = order
	}
	kind, length := r.order.Uint32(r.head[:]), r.order.Uint32(r.head[4:])
	if length < blockMin || length%4 != 0 || length > BlockMax {
		return Block{}, r.damaged(fmt.Sprintf("a block of %d bytes", length))
	}
	if err := r.read(int(length)-headerSize, n-headerSize); err != nil {
		return Block{}, r.wrong(err)
	}
	body := r.body[:length-blockMin]
	if last := r.order.Uint32(r.body[length-blockMin:]); last != length {
		return Block{}, r.damaged(fmt.Sprintf("a block of %d bytes that ends as one of %d", length, last))
	}
	r.offset += int64(length)
	return Block{Type: kind, Order: r.order, Body: body}, nil
}

// read reads the rest of a block. Memory grows as bytes come: a length alone proves
// nothing.
func (r *Reader) read(length, have int) error {
	const step = 64 << 10
	r.body = append(r.body[:0], r.head[headerSize:headerSize+have]...)
	for len(r.body) < length {
		part := min(length-len(r.body), step)
		at := len(r.body)
		if cap(r.body) < at+part {
			r.body = append(make([]byte, 0, max(2*cap(r.body), at+part)), r.body...)
		}
		r.body = r.body[:at+part]
		if _, err := io.ReadFull(r.input, r.body[at:]); err != nil {
			return err
		}
	}
	return nil
}

func orderOf(magic []byte) binary.ByteOrder {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if order.Uint32(magic) == orderMagic {
			return order
		}
	}
	return nil
}

func (r *Reader) damaged(what string) error {
	return fmt.Errorf("%w at byte %d: %s", ErrDamaged, r.offset, what)
}

// wrong is the error for a block that could not be read.
func (r *Reader) wrong(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w in the block that begins at byte %d", ErrCut, r.offset)
	}
	return err
}

// Options are the options of a block that come after some bytes of its body.
func (b Block) Options(after int) iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		rest := b.Body[min(after, len(b.Body)):]
		for len(rest) >= 4 {
			code, length := b.Order.Uint16(rest), int(b.Order.Uint16(rest[2:]))
			rest = rest[4:]
			if code == 0 || length > len(rest) || !yield(code, rest[:length]) {
				return
			}
			rest = rest[min(length+padding(length), len(rest)):]
		}
	}
}

// sectionFields is how long a section header is in front of its options.
const sectionFields = 16

// Packet is the packet in a block of the type EnhancedPacket.
type Packet struct {
	Interface uint32
	Data      []byte
	Length    uint32 // of the whole packet
	// Options is where the options begin in the body.
	Options int
}

// Packet takes a block apart. ok is false if it is too short for what it says.
func (b Block) Packet() (p Packet, ok bool) {
	const fields = 20
	if len(b.Body) < fields {
		return Packet{}, false
	}
	captured := b.Order.Uint32(b.Body[12:])
	if uint64(captured) > uint64(len(b.Body)-fields) {
		return Packet{}, false
	}
	end := fields + int(captured)
	return Packet{
		Interface: b.Order.Uint32(b.Body),
		Data:      b.Body[fields:end],
		Length:    b.Order.Uint32(b.Body[16:]),
		Options:   end + padding(int(captured)),
	}, true
}

// Comments are those of a section header.
func (b Block) Comments() (comments []string) {
	for code, value := range b.Options(sectionFields) {
		if code == OptionComment {
			comments = append(comments, string(value))
		}
	}
	return comments
}

// Begins reports whether a file begins as pcapng does.
func Begins(head []byte) bool {
	return len(head) >= 4 && binary.LittleEndian.Uint32(head) == SectionHeader
}

// First is how many bytes the first block has, as far as its beginning shows: at most
// most, 0 where it is none.
func First(head []byte, most int) int {
	if !Begins(head) || len(head) < blockMin {
		return 0
	}
	order := orderOf(head[headerSize:])
	if order == nil {
		return 0
	}
	return int(min(order.Uint32(head[4:]), uint32(most)))
}

// Section is the comments of the section header that a file begins with, as far as they
// are in its first bytes.
func Section(head []byte) []string {
	block, err := NewReader(bytes.NewReader(head)).Next()
	if err != nil || block.Type != SectionHeader {
		return nil
	}
	return block.Comments()
}
