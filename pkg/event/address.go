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

// String is ADDR:PORT, with brackets around an IPv6 address.
func (e Endpoint) String() string {
	if !e.Addr.IsValid() {
		return "?:" + strconv.Itoa(int(e.Port))
	}
	return netip.AddrPortFrom(e.Addr, e.Port).String()
}
