package event

import "time"

// Finding is what happened for one reason: the resets of an incident, reported once.
// A RST whose two ends are on this host is one reset here.
type Finding struct {
	Host
	Time  time.Time    `json:"time"` // of the item that brought it, UTC
	ID    uint64       `json:"id"`   // number among the findings of a run, from 1
	Phase FindingPhase `json:"phase"`

	// Pattern is the diagnosis. It is empty where no pattern fits: then Summary and
	// Remedy are those of the cause.
	Pattern   PatternID `json:"pattern,omitzero"`
	Cause     CauseID   `json:"cause"` // of the end that acted
	Dir       Dir       `json:"dir"`
	FromLocal bool      `json:"fromLocal,omitzero"` // of a capture: the RST was sent in the name of Local
	Certainty Certainty `json:"certainty"`
	Because   []string  `json:"because,omitzero"` // what a likely diagnosis rests on
	// Harmless: no application lost data or got an error that it did not expect.
	Harmless bool   `json:"harmless,omitzero"`
	Summary  string `json:"summary"`
	Remedy   string `json:"remedy,omitzero"`

	Actor     Party     `json:"actor,omitzero"`  // who ended the connections
	Victim    Party     `json:"victim,omitzero"` // who got the RST
	Server    Endpoint  `json:"server,omitzero"` // the end that listens, or should; port 0: not known
	Local     Endpoint  `json:"local"`           // of the first reset, as in its event
	Peer      Endpoint  `json:"peer"`
	Netns     Netns     `json:"netns,omitzero"`
	Initiator Initiator `json:"by,omitzero"`

	Resets uint64    `json:"resets"`
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
	Peers  Tally     `json:"peers,omitzero"` // addresses of the ends beside Server
	// Namespaces are the network namespaces of the resets, where there are several.
	Namespaces Tally `json:"namespaces,omitzero"`
	Lost       Lost  `json:"lost,omitzero"` // the sum; 4 GiB stand for more

	Errors  []ErrnoCount `json:"errors,omitzero"` // what applications got
	Numbers []Spread     `json:"numbers,omitzero"`
	Event   uint64       `json:"event,omitzero"` // number of the first event
	After   uint64       `json:"after,omitzero"` // number of the finding that led to this one
	// Absorbed are the numbers of findings that turned out to be part of this one.
	Absorbed []uint64 `json:"absorbed,omitzero"`
}

// FindingPhase says why a finding is reported.
type FindingPhase string

const (
	FindingBegins FindingPhase = "begins" // its first reset
	FindingGrows  FindingPhase = "grows"  // more came, or the diagnosis changed
	FindingEnds   FindingPhase = "ends"   // nothing came for long, or another finding took it over
	FindingTotal  FindingPhase = "total"  // part of the totals that follow
)

// PatternID names one row of the table in package finding, in kebab-case.
type PatternID string

// Party is one side of the connections of a finding, as far as it is on this host, or on one
// that was joined.
type Party struct {
	// Host is the name of its machine, behind a join.
	Host  string `json:"host,omitzero"`
	Owner Owner  `json:"owner,omitzero"` // of the first reset
	PIDs  Tally  `json:"pids,omitzero"`
}

// IsZero reports whether nothing is known of the side.
func (p Party) IsZero() bool { return p.Owner.IsZero() && p.Host == "" }

// Tally counts different values. It is exact up to a bound.
type Tally struct {
	Count uint64 `json:"count"`
	More  bool   `json:"more,omitzero"` // there are more than Count
}

// ErrnoCount is how often applications got an error.
type ErrnoCount struct {
	Errno string `json:"errno"`
	Count uint64 `json:"count"`
}

// Spread is how one number of the resets is spread. Where Count is larger than
// SpreadExact, Median is that of a sample of them.
type Spread struct {
	Name   NumberName `json:"name"`
	Count  uint64     `json:"count"` // resets that have the number
	Min    uint64     `json:"min"`
	Median uint64     `json:"median"`
	Max    uint64     `json:"max"`
}

// SpreadExact is how many values of a Spread are kept for its median.
const SpreadExact = 32

// NumberName names a number of a reset. Its unit is part of the name.
type NumberName string

const (
	SilenceMillis  NumberName = "silenceMillis"  // without payload in either direction, before the end
	AgeMillis      NumberName = "ageMillis"      // of the connection
	ClosedMillis   NumberName = "closedMillis"   // from the close to the packet that met it
	ReceivedBytes  NumberName = "receivedBytes"  // by the end that acted
	SentBytes      NumberName = "sentBytes"      // by the end that acted, acknowledged
	UnreadBytes    NumberName = "unreadBytes"    // left unread by the end that acted
	IntervalMillis NumberName = "intervalMillis" // from one reset to the next
	TTLs           NumberName = "ttl"            // of received RSTs
)

// FirstEvent is as much of the first reset's event as the finding tells.
func (f *Finding) FirstEvent() *Event {
	e := &Event{
		Schema: SchemaVersion, Time: f.First, ID: f.Event, Dir: f.Dir, Cause: f.Cause, Certainty: f.Certainty, Finding: f.ID,
		Local: f.Local, Peer: f.Peer, Netns: f.Netns, Initiator: f.Initiator, Owner: f.Victim.Owner,
	}
	e.Capture.FromLocal = f.FromLocal
	if e.LocalSent() {
		e.Owner = f.Actor.Owner
	}
	return e
}
