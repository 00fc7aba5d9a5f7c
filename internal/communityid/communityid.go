// Package communityid computes the Community ID of a TCP flow, a hash by which
// Zeek, Suricata and many others name a flow too, so that their records can be
// joined: https://github.com/corelight/community-id-spec, version 1, seed 0.
//
// The trap to avoid: translated addresses (NAT, a load balancer) give another
// flow, and so another ID on each side.
package communityid

import (
	"crypto/sha1" // the specification's choice; nothing here is secret
	"encoding/base64"
	"encoding/binary"
	"net/netip"
)

const (
	seed        = 0
	protocolTCP = 6
	prefix      = "1:"
	// Length of every ID.
	Length = len(prefix) + 28
)

// TCP returns the ID of the flow between two ends, whichever sent first: the
// lower end goes first into the hash. An IPv4-mapped IPv6 address counts as
// IPv4. It returns "" unless both addresses are valid and of one family.
func TCP(a, b netip.AddrPort) string {
	var id [Length]byte
	return string(AppendTCP(id[:0], a, b))
}

// AppendTCP appends what TCP returns.
func AppendTCP(id []byte, a, b netip.AddrPort) []byte {
	a, b = onWire(a), onWire(b)
	if !a.IsValid() || a.Addr().BitLen() != b.Addr().BitLen() {
		return id
	}
	if b.Compare(a) < 0 {
		a, b = b, a
	}
	var room [2 + 16 + 16 + 2 + 4]byte
	flow := binary.BigEndian.AppendUint16(room[:0], seed)
	flow = appendAddr(flow, a.Addr())
	flow = appendAddr(flow, b.Addr())
	flow = append(flow, protocolTCP, 0)
	flow = binary.BigEndian.AppendUint16(flow, a.Port())
	flow = binary.BigEndian.AppendUint16(flow, b.Port())

	hash := sha1.Sum(flow)
	return base64.StdEncoding.AppendEncode(append(id, prefix...), hash[:])
}

// onWire leaves out what packets do not show.
func onWire(end netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(end.Addr().Unmap().WithZone(""), end.Port())
}

func appendAddr(flow []byte, addr netip.Addr) []byte {
	if addr.Is4() {
		bytes := addr.As4()
		return append(flow, bytes[:]...)
	}
	bytes := addr.As16()
	return append(flow, bytes[:]...)
}
