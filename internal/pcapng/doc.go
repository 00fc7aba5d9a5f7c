// Package pcapng writes and reads the blocks of pcapng files: draft-ietf-opsawg-pcapng.
// It knows blocks and options, and what rsttrace puts into them. It knows no packets.
//
// The library that reads captures elsewhere writes neither the process id of a packet
// nor several comments, so recordings have a writer of their own.
//
// The trap to avoid: a file may come from anybody. Lengths are checked before they are
// used, and no block makes the reader take more than BlockMax bytes.
package pcapng

// The types of blocks.
const (
	SectionHeader        uint32 = 0x0a0d0d0a // the same in both byte orders
	InterfaceDescription uint32 = 1
	JournalEntry         uint32 = 9 // text of a log: systemd's journal export format
	EnhancedPacket       uint32 = 6
)

// The codes of options.
const (
	OptionComment uint16 = 1 // of any block

	OptionApplication uint16 = 4 // of a section header

	OptionInterfaceName        uint16 = 2
	OptionInterfaceDescription uint16 = 3
	OptionTimeResolution       uint16 = 9

	OptionPacketFlags  uint16 = 2
	OptionPacketID     uint16 = 5
	OptionPacketThread uint16 = 8 // process id and thread id
)

// The values of OptionPacketFlags.
const (
	Inbound  uint32 = 1
	Outbound uint32 = 2
)

// LinkTypeRaw says that packets begin with their IP header.
const LinkTypeRaw uint16 = 101

// OptionMax is how long the value of an option may be.
const OptionMax = 0xffff

// BlockMax is how long a block may be that is read. Wireshark has this limit, too.
const BlockMax = 16 << 20

const (
	orderMagic   uint32 = 0x1a2b3c4d
	majorVersion uint16 = 1
)

const (
	headerSize = 8  // type and length
	blockMin   = 12 // with the length behind it
)
