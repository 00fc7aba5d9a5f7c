package event

// PeerSent says of a received RST without PeerEvent whether the end that it names as its
// sender may have sent it. It is absent if that end is not on this host for certain.
type PeerSent struct {
	Verdict  PeerVerdict `json:"verdict"`
	Because  string      `json:"because"`
	Suspects []string    `json:"suspects,omitzero"` // what else may have sent it, with PeerSentNone
	// Hosts is how many traced hosts it is about, behind a join. 0: it is about this host.
	Hosts uint32 `json:"hosts,omitzero"`
}

// IsZero makes PeerSent absent from JSON exactly where nothing is known.
func (p PeerSent) IsZero() bool { return p.Verdict == "" }

// PeerVerdict is what is known of the end that a RST names as its sender.
type PeerVerdict string

const (
	PeerSentNone    PeerVerdict = "none"    // no socket of this host sent the RST
	PeerSentHidden  PeerVerdict = "hidden"  // the filter hides the event of that end
	PeerSentNotSeen PeerVerdict = "notSeen" // there was no event, and there need not be one
)

// The words of PeerSent.Suspects.
const (
	SuspectRule        = "rule"        // a firewall rule of this host, which this kernel does not show
	SuspectBridge      = "bridge"      // a rule of a bridge or of a device, which it does not show
	SuspectTranslation = "translation" // an end elsewhere, behind a rule that translates addresses
	SuspectDevice      = "device"      // between two hosts: a firewall, a load balancer
	SuspectForger      = "forger"      // whoever puts packets of others on the network
)
