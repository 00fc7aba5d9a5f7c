package event

// PeerHost is the other end of a RST, if that is on another host. Package join finds it.
type PeerHost struct {
	Host   string `json:"host"` // its name
	HostID string `json:"hostId,omitzero"`
	Event  uint64 `json:"event"` // number of its event on that host
	// Certainty is likely where the addresses differ: Because says what it rests on then, and
	// Local and Peer are the ends as that host has them.
	Certainty Certainty `json:"certainty"`
	Because   string    `json:"because,omitzero"`
	Local     *Endpoint `json:"local,omitempty"`
	Peer      *Endpoint `json:"peer,omitempty"`
	// AfterMicros is the receipt minus the sending, each by the clock of its host. TookMicros
	// is how long the RST was on its way, more or less ErrorMicros: known if RSTs went in both
	// directions between these hosts.
	AfterMicros int64  `json:"afterMicros"`
	TookMicros  *int64 `json:"tookMicros,omitempty"`
	ErrorMicros *int64 `json:"errorMicros,omitempty"`
}

// PeerGot says of a sent RST whether it arrived at its receiver, which is a traced host. It
// is absent if it did: then the event has PeerHost.
type PeerGot struct {
	Verdict PeerVerdict `json:"verdict"` // PeerSentNone: it did not arrive
	Because string      `json:"because"`
}

// IsZero makes PeerGot absent from JSON exactly where nothing is known.
func (p PeerGot) IsZero() bool { return p.Verdict == "" }

func (p *PeerHost) clone() *PeerHost {
	if p == nil {
		return nil
	}
	c := *p
	c.Local, c.Peer = clonePointer(p.Local), clonePointer(p.Peer)
	c.TookMicros, c.ErrorMicros = clonePointer(p.TookMicros), clonePointer(p.ErrorMicros)
	return &c
}
