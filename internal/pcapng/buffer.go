package pcapng

import "encoding/binary"

// Buffer collects blocks, in the byte order little endian. A block begins with Begin and
// its fixed fields, may have options, and ends with End.
type Buffer struct {
	// Bytes are the blocks so far.
	Bytes []byte

	start   int // of the open block
	options bool
}

// Begin opens a block.
func (b *Buffer) Begin(kind uint32) {
	b.start, b.options = len(b.Bytes), false
	b.Uint32(kind)
	b.Uint32(0) // its length: see End
}

// End closes a block.
func (b *Buffer) End() {
	if b.options {
		b.Uint32(0)
	}
	length := uint32(len(b.Bytes) - b.start + 4)
	b.Uint32(length)
	binary.LittleEndian.PutUint32(b.Bytes[b.start+4:], length)
}

// Uint16 appends half a word. Blocks have an even number of them.
func (b *Buffer) Uint16(v uint16) { b.Bytes = binary.LittleEndian.AppendUint16(b.Bytes, v) }

// Uint32 appends a word.
func (b *Buffer) Uint32(v uint32) { b.Bytes = binary.LittleEndian.AppendUint32(b.Bytes, v) }

// Time appends a moment in nanoseconds of the Unix time.
func (b *Buffer) Time(nanos uint64) {
	b.Uint32(uint32(nanos >> 32))
	b.Uint32(uint32(nanos))
}

// Data appends bytes, up to the next whole word.
func (b *Buffer) Data(data []byte) {
	b.Bytes = append(b.Bytes, data...)
	b.pad(len(data))
}

func (b *Buffer) pad(length int) {
	const zeros = "\x00\x00\x00"
	b.Bytes = append(b.Bytes, zeros[:padding(length)]...)
}

// padding is how many bytes are missing to a whole word.
func padding(length int) int { return -length & 3 }

// Option appends an option. Its value has up to OptionMax bytes.
func (b *Buffer) Option(code uint16, value []byte) {
	b.option(code, len(value))
	b.Data(value)
}

// Text is Option for text.
func (b *Buffer) Text(code uint16, value string) {
	b.option(code, len(value))
	b.Bytes = append(b.Bytes, value...)
	b.pad(len(value))
}

// Word is Option for a number of 32 bits.
func (b *Buffer) Word(code uint16, value uint32) {
	b.option(code, 4)
	b.Uint32(value)
}

// Long is Option for a number of 64 bits.
func (b *Buffer) Long(code uint16, value uint64) {
	b.option(code, 8)
	b.Bytes = binary.LittleEndian.AppendUint64(b.Bytes, value)
}

// Thread is Option for a process id and a thread id. 0: not known.
func (b *Buffer) Thread(pid, tid uint32) {
	b.option(OptionPacketThread, 8)
	b.Uint32(pid)
	b.Uint32(tid)
}

func (b *Buffer) option(code uint16, length int) {
	b.options = true
	b.Uint16(code)
	b.Uint16(uint16(length))
}

// Section appends a section header.
func (b *Buffer) Section(application string, comments ...string) {
	b.Begin(SectionHeader)
	b.Uint32(orderMagic)
	b.Uint16(majorVersion)
	b.Uint16(0)
	b.Uint32(0xffffffff) // the length of the section is not said
	b.Uint32(0xffffffff)
	for _, comment := range comments {
		b.Text(OptionComment, comment)
	}
	b.Text(OptionApplication, application)
	b.End()
}

// Interface appends the description of an interface. Its packets begin with their IP
// header, have up to snapLength bytes, and times in nanoseconds.
func (b *Buffer) Interface(name, description string, snapLength uint32) {
	b.Begin(InterfaceDescription)
	b.Uint16(LinkTypeRaw)
	b.Uint16(0)
	b.Uint32(snapLength)
	b.Text(OptionInterfaceName, name)
	b.Text(OptionInterfaceDescription, description)
	b.Option(OptionTimeResolution, []byte{9})
	b.End()
}

// Packet opens the block of a packet: options may follow, and End. length is that of the
// whole packet.
func (b *Buffer) Packet(iface uint32, nanos uint64, data []byte, length uint32) {
	b.Begin(EnhancedPacket)
	b.Uint32(iface)
	b.Time(nanos)
	b.Uint32(uint32(len(data)))
	b.Uint32(max(length, uint32(len(data))))
	b.Data(data)
}
