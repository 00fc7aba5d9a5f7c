package event

// Segment is what matters of one TCP packet.
type Segment struct {
	Flags    TCPFlags `json:"flags"`
	Seq      uint32   `json:"seq"`
	Ack      uint32   `json:"ack"`
	Window   *uint16  `json:"win,omitempty"` // unscaled, as in the header; nil where the packet was not seen
	Len      uint32   `json:"len"`           // payload bytes
	TTL      uint8    `json:"ttl,omitzero"`  // hop limit for IPv6
	Ifname   string   `json:"ifname,omitzero"`
	DiagText string   `json:"diag,omitzero"`    // diagnostic payload of a RST (RFC 1122 4.2.2.12)
	Reason   *Reason  `json:"reason,omitempty"` // the same as a code; nil without
	// SeqOffset is how far Seq is past what the socket expected next (rcv_nxt),
	// negative before it; nil where no connection expected anything.
	SeqOffset *int32   `json:"seqOffset,omitempty"`
	Position  Position `json:"position,omitzero"` // the same in a word
}

// Position is where a sequence number lies relative to the receive window.
type Position string

const (
	PositionOld      Position = "old"      // before rcv_nxt
	PositionExact    Position = "exact"    // rcv_nxt itself
	PositionInWindow Position = "inWindow" // past rcv_nxt, not past the window's end
	PositionBeyond   Position = "beyond"   // past the window
)

// TCPFlags are the flag bits of a TCP header, as on the wire.
type TCPFlags uint8

const (
	FIN TCPFlags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// flagLetters are tcpdump's letters by bit; "." is ACK and is written last.
const flagLetters = "FSRP.UEW"

// Has reports whether every flag of want is set.
func (f TCPFlags) Has(want TCPFlags) bool { return f&want == want }

// String writes the flags in tcpdump's letters: "[S]", "[R.]", "[FP.]".
func (f TCPFlags) String() string {

	text := make([]byte, 0, 10)
	text = append(text, '[')
	for bit := range len(flagLetters) {
		if f&(1<<bit) != 0 && TCPFlags(1<<bit) != ACK {
			text = append(text, flagLetters[bit])
		}
	}
	if f.Has(ACK) {
		text = append(text, '.')
	}
	if len(text) == 1 {
		return "[none]"
	}
	return string(append(text, ']'))
}

// MarshalText writes what String does.
func (f TCPFlags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }
