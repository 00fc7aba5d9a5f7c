package event

import "net/netip"

// Tops are the owners, peers and local ports with the most events.
type Tops struct {
	Owners, Peers, Ports Top
}

// Top is one such list. Its rows, Unlisted and Displaced together are all events.
//
// Where Displaced is 0 all numbers are exact. Else there were more different
// rows than the kernel side has room for: the rarest gave way, and a row may lack
// events from before it came, or came back. It never has too many, and what is
// frequent is there whenever it came.
type Top struct {
	Rows      []TopRow // the most frequent first
	Unlisted  uint64   // events of further rows
	Further   uint64   // how many these are
	Displaced uint64   // events of which it is not known whose they are
}

// TopRow is how often one owner, peer or local port had events of one cause in
// one direction.
type TopRow struct {
	Dir    Dir
	Cause  CauseID
	Events uint64
	Netns  Netns

	Owner Owner      // of Tops.Owners, without PID and Source; zero: not known
	Peer  netip.Addr // of Tops.Peers
	Port  uint16     // of Tops.Ports; 0: of who connects, where it is any, or of no local end
}
