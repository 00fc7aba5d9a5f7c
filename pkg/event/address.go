package event

import (
	"net/netip"
	"strconv"
)

// Endpoint is one end of a connection.
type Endpoint struct {
	Addr netip.Addr `json:"addr"` // IPv4-mapped IPv6 is stored unmapped
	Port uint16     `json:"port"`
}

// AddrPort is the endpoint as package netip has it.
func (e Endpoint) AddrPort() netip.AddrPort { return netip.AddrPortFrom(e.Addr, e.Port) }

// String is ADDR:PORT, with brackets around an IPv6 address.
func (e Endpoint) String() string {
	var room [64]byte
	return string(e.AppendTo(room[:0]))
}

// AppendTo appends what String returns.
func (e Endpoint) AppendTo(text []byte) []byte {
	if !e.Addr.IsValid() {
		return strconv.AppendUint(append(text, "?:"...), uint64(e.Port), 10)
	}
	return netip.AddrPortFrom(e.Addr, e.Port).AppendTo(text)
}
