// Package fleetplay is what the machines of a test fleet play, and how they speak of it: the
// program that runs on them and the test on the host both import it.
//
//	client 10.1.0.2 ── 10.1.0.1 router 10.2.0.1 ── 10.2.0.2 server
//
// The router translates the IPv4 addresses of the client. It passes IPv6 on as it is.
package fleetplay

import (
	"net/netip"
	"time"
)

// Role is what a machine of the fleet plays. One machine may have several.
type Role string

// The roles.
const (
	Client Role = "client"
	Router Role = "router"
	Server Role = "server"
)

// Addresses of the fleet.
var (
	ClientPrefix  = netip.MustParsePrefix("10.1.0.2/24")
	InnerPrefix   = netip.MustParsePrefix("10.1.0.1/24")
	OuterPrefix   = netip.MustParsePrefix("10.2.0.1/24")
	ServerPrefix  = netip.MustParsePrefix("10.2.0.2/24")
	ClientPrefix6 = netip.MustParsePrefix("fd01::2/64")
	InnerPrefix6  = netip.MustParsePrefix("fd01::1/64")
	OuterPrefix6  = netip.MustParsePrefix("fd02::1/64")
	ServerPrefix6 = netip.MustParsePrefix("fd02::2/64")
)

// Act is what is done with one connection.
type Act string

// The acts. All begin with a connection, on which the one that connects writes a byte, and the
// other one sends it back.
const (
	CloseInOrder Act = "close in order"
	AcceptAborts Act = "who accepted aborts"
	AcceptUnread Act = "who accepted closes, and leaves bytes unread"
	DialAborts   Act = "who connected aborts"
	Refuse       Act = "nothing listens, or a rule rejects"
	ForgeToDial  Act = "the router forges a RST to who connected"
	ForgeToTake  Act = "the router forges a RST to who accepted"
)

// Play is a kind of connection. It has a port of its own.
type Play struct {
	Name     string
	From, To Role
	IPv6     bool
	Act      Act
	Rule     Rule // of the router, for this port
}

// Rule is one of the firewall of the router.
type Rule string

// The rules.
const (
	NoRule      Rule = ""
	DropsResets Rule = "drops RSTs"
	Rejects     Rule = "rejects connections"
)

// Plays are all that is played, one after the other.
var Plays = []Play{
	{Name: "in order", From: Client, To: Server, Act: CloseInOrder},
	{Name: "server aborts", From: Client, To: Server, Act: AcceptAborts},
	{Name: "server leaves bytes unread", From: Client, To: Server, Act: AcceptUnread},
	{Name: "client aborts", From: Client, To: Server, Act: DialAborts},
	{Name: "closed port", From: Client, To: Server, Act: Refuse},
	{Name: "forged to the client", From: Client, To: Server, Act: ForgeToDial},
	{Name: "forged to the server", From: Client, To: Server, Act: ForgeToTake},
	{Name: "RST of the client dropped", From: Client, To: Server, Act: DialAborts, Rule: DropsResets},
	{Name: "RST of the server dropped", From: Client, To: Server, Act: AcceptAborts, Rule: DropsResets},
	{Name: "router rejects", From: Client, To: Server, Act: Refuse, Rule: Rejects},
	{Name: "closed port of the router", From: Client, To: Router, Act: Refuse},
	{Name: "client aborts to the router", From: Client, To: Router, Act: DialAborts},
	{Name: "server finds a closed port of the router", From: Server, To: Router, Act: Refuse},
	{Name: "server aborts to the router", From: Server, To: Router, Act: DialAborts},
	{Name: "server aborts, by IPv6", From: Client, To: Server, IPv6: true, Act: AcceptAborts},
	{Name: "client aborts, by IPv6", From: Client, To: Server, IPv6: true, Act: DialAborts},
}

// Port is that of a play, by its number in Plays.
func Port(play int) uint16 { return uint16(7000 + play) }

// PlayOf is the number of the play with a port.
func PlayOf(port uint16) (play int, ok bool) {
	play = int(port) - 7000
	return play, play >= 0 && play < len(Plays)
}

// The ports of the ends that connect.
const firstSource, roundsMost = 20_000, 100

// Source is the address and the port of the end that connects, so that both are known even if
// it fails.
func (p *Play) Source(play, round int) netip.AddrPort {
	address := ServerPrefix
	switch {
	case p.From == Client && p.IPv6:
		address = ClientPrefix6
	case p.From == Client:
		address = ClientPrefix
	}
	return netip.AddrPortFrom(address.Addr(), uint16(firstSource+play*roundsMost+round))
}

// RoundOf is the round of a port that Source gives.
func RoundOf(port uint16) int { return (int(port) - firstSource) % roundsMost }

// Target is where a play connects to.
func (p *Play) Target(play int) netip.AddrPort {
	address := ServerPrefix
	switch {
	case p.To == Router && p.From == Client:
		address = InnerPrefix
	case p.To == Router:
		address = OuterPrefix
	case p.IPv6:
		address = ServerPrefix6
	}
	return netip.AddrPortFrom(address.Addr(), Port(play))
}

// Silent says that the one who would learn of the end of the connection does not: the RST is
// dropped.
func (p *Play) Silent() bool { return p.Rule == DropsResets }

// Report is what an end of a connection says of it: the truth that a join is compared with.
type Report struct {
	Play, Round   int
	Dialed        bool           // by the end that connected, else by the one that accepted, or the router in its place
	Local, Remote netip.AddrPort // as this end has them
	Got           string         // what the program got at the end: an errno, EOF, or nothing
	Took          time.Duration  // to connect, or to learn that this is not possible
}

// Clock is a measurement: the clock of a machine is ahead of that of the host by at least the
// first and at most the second.
type Clock struct {
	Machine     string
	Least, Most time.Duration
}
