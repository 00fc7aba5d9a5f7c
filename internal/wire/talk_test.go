package wire

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// line is one packet of a made-up connection. "c" is the client at port 40000, "s" the
// server at port 80. Numbers of sequence and acknowledgement are relative to what each end
// began with: 1 is behind the SYN.
type line struct {
	from  string
	flags string // tcpdump's letters
	seq   int
	ack   int
	len   int
	after time.Duration // since the packet before; 0: 1 ms

	window  int // 0: 500, except of a RST; -1: 0
	rstWin  int // of a RST
	stamp   uint32
	ttl     uint8  // 0: 64
	id      uint16 // of IPv4
	df      bool
	bad     bool // its checksum is wrong
	partial bool // its checksum is that of the pseudo header
	options TCPOptions
	payload string
	ipv6    bool
	twice   bool // the capture has it twice
}

const (
	clientISN = 1_000
	serverISN = 4_294_967_000 // it wraps
)

// talk gives the packets to an engine and returns the verdicts as events.
func talk(t *testing.T, lines []line) []*event.Event {
	t.Helper()
	var events []*event.Event
	e := New(Options{Give: func(v *Verdict) error {
		events = append(events, v.Event(nil))
		return nil
	}})
	if err := play(e, lines); err != nil {
		t.Fatal(err)
	}
	if err := e.End(); err != nil {
		t.Fatal(err)
	}
	return events
}

func play(e *Engine, lines []line) error {
	at := time.Unix(1_700_000_000, 0)
	number := uint64(0)
	for _, l := range lines {
		at = at.Add(max(l.after, 0))
		if l.after == 0 {
			at = at.Add(time.Millisecond)
		}
		copies := 1
		if l.twice {
			copies = 2
		}
		for range copies {
			number++
			p := l.packet()
			p.Number, p.Time = number, at.UnixNano()
			if err := e.Packet(p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *line) packet() *Packet {
	p := &Packet{TTL: 64, ID: l.id, DF: l.df, Len: uint32(l.len), Options: l.options, IPv6: l.ipv6}
	client, server := Addr{Lo: mapped | 0x0a000001}, Addr{Lo: mapped | 0x0a000002}
	if l.ipv6 {
		client, server = Addr{Hi: 1, Lo: 1}, Addr{Hi: 1, Lo: 2}
	}
	ownISN, otherISN := uint32(clientISN), uint32(serverISN)
	p.Src, p.Dst, p.SrcPort, p.DstPort = client, server, 40000, 80
	if l.from == "s" {
		p.Src, p.Dst, p.SrcPort, p.DstPort = server, client, 80, 40000
		ownISN, otherISN = otherISN, ownISN
	}
	for bit, letter := range "FSRP.U" {
		if strings.ContainsRune(l.flags, letter) {
			p.Flags |= 1 << bit
		}
	}
	p.Seq = ownISN + uint32(l.seq)
	if p.Flags.Has(event.ACK) {
		p.Ack = otherISN + uint32(l.ack)
	}
	p.Window = 500
	if p.Flags.Has(event.RST) {
		p.Window = uint16(l.rstWin)
		if !p.Flags.Has(event.ACK) || l.seq < 0 {
			p.Seq = uint32(int(ownISN) + l.seq)
		}
		if l.seq == zeroSeq {
			p.Seq = 0
		}
	}
	if l.window < 0 {
		p.Window = 0
	}
	if l.window > 0 {
		p.Window = uint16(l.window)
	}
	if l.ttl != 0 {
		p.TTL = l.ttl
	}
	if l.stamp != 0 {
		p.Options.Timestamps, p.Options.TSval, p.Options.Bytes = true, l.stamp, 12
	}
	if l.payload != "" {
		p.Len = uint32(len(l.payload))
	}
	p.build(l)
	return p
}

// zeroSeq stands for sequence number 0.
const zeroSeq = -999_999

// build makes the bytes that the checksum is of.
func (p *Packet) build(l *line) {
	segment := make([]byte, minTCPHeader, minTCPHeader+int(p.Len))
	segment[12] = minTCPHeader / 4 << 4
	segment = append(segment, l.payload...)
	segment = segment[:minTCPHeader+int(p.Len)]
	p.Segment, p.Sent = segment, uint32(len(segment))
	sum := p.pseudoSum()
	if !l.partial {
		for i := 0; i+1 < len(segment); i += 2 {
			sum += uint64(binary.BigEndian.Uint16(segment[i:]))
		}
		if len(segment)%2 == 1 {
			sum += uint64(segment[len(segment)-1]) << 8
		}
	}
	field := fold(sum)
	if !l.partial {
		field = ^field
	}
	if l.bad {
		field ^= 0x1234
	}
	binary.BigEndian.PutUint16(segment[16:], field)
}

// opened are the packets of a handshake, with timestamps if stamps is set.
func opened(stamps bool) []line {
	c, s := uint32(0), uint32(0)
	if stamps {
		c, s = 100, 900
	}
	return []line{
		{from: "c", flags: "S", stamp: c},
		{from: "s", flags: "S.", ack: 1, stamp: s},
		{from: "c", flags: ".", seq: 1, ack: 1, stamp: c},
	}
}

// conversation is a handshake, a request and an answer.
func conversation(stamps bool) []line {
	c, s := uint32(0), uint32(0)
	if stamps {
		c, s = 101, 901
	}
	return append(opened(stamps),
		line{from: "c", flags: "P.", seq: 1, ack: 1, len: 100, stamp: c},
		line{from: "s", flags: "P.", seq: 1, ack: 101, len: 50, stamp: s},
		line{from: "c", flags: ".", seq: 101, ack: 51, stamp: c},
	)
}

func with(lines []line, more ...line) []line { return append(lines[:len(lines):len(lines)], more...) }
