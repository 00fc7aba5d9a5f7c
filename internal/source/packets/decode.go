package packets

import (
	"encoding/binary"

	"github.com/rsttrace/rsttrace/internal/wire"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// depthMax bounds tunnels in tunnels, and tags behind tags.
const depthMax = 8

// outcome is what became of a frame.
type outcome uint8

const (
	segment       outcome = iota // decoder.packet has it
	otherProtocol                // no TCP, or none that can be seen
	cutOff                       // the capture ends before the TCP header does
	fragment                     // TCP, and not the first fragment
	malformed                    // a length contradicts itself
	outcomes      = iota
)

// decoder finds the TCP segment of a frame. It follows the innermost of tunnels, and
// allocates nothing.
type decoder struct {
	packet          wire.Packet
	frame, captured int // bytes on the wire and in the file
	depth           int
}

// decode reads a frame, of which length bytes were sent.
func (d *decoder) decode(linkType uint32, data []byte, length int) outcome {
	d.depth, d.captured = 0, len(data)
	d.frame = max(length, len(data))
	return d.link(linkType, data)
}

const tcpHeader = 20

// tcp reads the header. data is what was captured of length bytes.
func (d *decoder) tcp(data []byte, length int) outcome {
	if length < tcpHeader {
		return malformed
	}
	if len(data) < tcpHeader {
		return cutOff
	}
	header := int(data[12]>>4) * 4
	if header < tcpHeader || header > length {
		return malformed
	}
	p := &d.packet
	p.SrcPort, p.DstPort = binary.BigEndian.Uint16(data), binary.BigEndian.Uint16(data[2:])
	p.Seq, p.Ack = binary.BigEndian.Uint32(data[4:]), binary.BigEndian.Uint32(data[8:])
	p.Flags = event.TCPFlags(data[13])
	p.Window = binary.BigEndian.Uint16(data[14:])
	p.Len, p.Sent, p.Segment = uint32(length-header), uint32(length), data
	p.Options = wire.TCPOptions{Bytes: uint8(header - tcpHeader)}
	if header > tcpHeader {
		p.Options.Cut = len(data) < header
		readOptions(&p.Options, data[tcpHeader:min(header, len(data))])
	}
	return segment
}

// Kinds of TCP options.
const (
	optionEnd        = 0
	optionNop        = 1
	optionScale      = 3
	optionTimestamps = 8
	optionMD5        = 19
	optionAO         = 29
	optionMPTCP      = 30

	mptcpJoin      = 1
	mptcpFastClose = 7
	mptcpReset     = 8
)

func readOptions(o *wire.TCPOptions, data []byte) {
	// The common case: two bytes of padding and the timestamps.
	if len(data) == 12 && binary.BigEndian.Uint32(data) == 0x0101080a {
		o.Timestamps, o.TSval = true, binary.BigEndian.Uint32(data[4:])
		return
	}
	for len(data) > 0 {
		switch data[0] {
		case optionEnd:
			return
		case optionNop:
			data = data[1:]
			continue
		}
		if len(data) < 2 || data[1] < 2 || int(data[1]) > len(data) {
			return
		}
		value := data[2:data[1]]
		switch data[0] {
		case optionScale:
			if len(value) == 1 {
				o.Scaled, o.Scale = true, min(value[0], 14) // RFC 7323, 2.3
			}
		case optionTimestamps:
			if len(value) == 8 {
				o.Timestamps, o.TSval = true, binary.BigEndian.Uint32(value)
			}
		case optionMD5, optionAO:
			o.Signed = true
		case optionMPTCP:
			readMPTCP(o, value)
		}
		data = data[data[1]:]
	}
}

// readMPTCP reads the options of RFC 8684 that belong to a RST.
func readMPTCP(o *wire.TCPOptions, value []byte) {
	if len(value) == 0 {
		return
	}
	switch value[0] >> 4 {
	case mptcpJoin:
		o.Join = true
	case mptcpFastClose:
		o.FastClose = true
	case mptcpReset:
		if len(value) >= 2 {
			o.MPTCPReset, o.Reason = true, value[1]
		}
	}
}
