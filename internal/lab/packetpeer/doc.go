// Package packetpeer plays the other end of a TCP connection packet by packet,
// at an address that no kernel answers for.
//
// It can send what a Linux peer would not: a RST of odd shape, a segment that
// acknowledges nothing, a FIN that is never answered. It lives behind a TUN
// device of a network namespace, and needs /dev/net/tun.
package packetpeer
