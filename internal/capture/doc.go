// Package capture records every TCP segment with the RST bit that passes the
// devices of a network namespace: what really was on the wire, to hold events
// against.
//
// It sees packets before the firewall on the way in and after it on the way
// out. The trap to avoid: a packet on the loopback device passes twice, out and
// in; it is reported once, as outgoing. Needs CAP_NET_RAW.
package capture
