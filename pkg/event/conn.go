package event

import (
	"bytes"
	"encoding/json"
)

// Conn holds facts about the connection.
type Conn struct {
	// Known: there was a full socket. Without it only Role may be set, and of a capture the
	// times.
	Known         bool   `json:"-"`
	Role          Role   `json:"role,omitzero"`
	Cookie        uint64 `json:"cookie,omitzero"`
	SRTTMicros    uint32 `json:"srttMicros"`
	Retransmits   uint32 `json:"retransmits"`
	BytesAcked    uint64 `json:"bytesAcked"`
	BytesReceived uint64 `json:"bytesReceived"`
	// Segments of the whole connection, with and without data, until the hook. A RST
	// that was received is one of them. nil: not known.
	SegmentsReceived *uint32 `json:"segmentsReceived,omitempty"`
	SegmentsSent     *uint32 `json:"segmentsSent,omitempty"`
	SegmentsUnacked  *uint32 `json:"segmentsUnacked,omitempty"` // in flight: what the RST may answer
	AgeMillis        uint64  `json:"ageMillis,omitzero"`

	LastReceivedMillis uint64 `json:"lastReceivedMillis,omitzero"`
	LastSentMillis     uint64 `json:"lastSentMillis,omitzero"`
	PeerFinMillis      uint64 `json:"peerFinMillis,omitzero"` // since the peer's FIN came
	FinMillis          uint64 `json:"finMillis,omitzero"`     // since this end's FIN was due to be sent
	// For how long no data had gone in either direction when the FIN came, or was due.
	// Packets without data do not count. What comes after the FIN does not change it.
	IdleBeforePeerFinMillis uint64 `json:"idleBeforePeerFinMillis,omitzero"`
	IdleBeforeFinMillis     uint64 `json:"idleBeforeFinMillis,omitzero"`

	Mark uint32  `json:"mark,omitzero"` // SO_MARK, or that of the SYN: policy routing goes by it
	UID  *uint32 `json:"uid,omitempty"` // who created the socket, also where no process is known
}

// Role says which end opened a connection.
type Role string

const (
	Client Role = "client" // this one
	Server Role = "server" // the peer
)

// IsZero makes Conn absent from JSON exactly where nothing is known.
func (c Conn) IsZero() bool { return !c.Known && c.Role == "" && !c.timed() }

// timed reports whether times are known.
func (c *Conn) timed() bool {
	return c.AgeMillis|c.LastReceivedMillis|c.LastSentMillis|c.PeerFinMillis|c.FinMillis|c.IdleBeforePeerFinMillis|c.IdleBeforeFinMillis != 0
}

// MarshalJSON leaves out the numbers of a connection that is not known.
func (c Conn) MarshalJSON() ([]byte, error) {
	type plain Conn
	if c.Known {
		return json.Marshal(plain(c))
	}
	return json.Marshal(struct {
		Role               Role   `json:"role,omitzero"`
		AgeMillis          uint64 `json:"ageMillis,omitzero"`
		LastReceivedMillis uint64 `json:"lastReceivedMillis,omitzero"`
		LastSentMillis     uint64 `json:"lastSentMillis,omitzero"`
		PeerFinMillis      uint64 `json:"peerFinMillis,omitzero"`
		FinMillis          uint64 `json:"finMillis,omitzero"`

		IdleBeforePeerFinMillis uint64 `json:"idleBeforePeerFinMillis,omitzero"`
		IdleBeforeFinMillis     uint64 `json:"idleBeforeFinMillis,omitzero"`
	}{c.Role, c.AgeMillis, c.LastReceivedMillis, c.LastSentMillis, c.PeerFinMillis, c.FinMillis, c.IdleBeforePeerFinMillis, c.IdleBeforeFinMillis})
}

// UnmarshalJSON makes a connection known if its numbers are there.
func (c *Conn) UnmarshalJSON(text []byte) error {
	type plain Conn
	if err := json.Unmarshal(text, (*plain)(c)); err != nil {
		return err
	}
	c.Known = bytes.Contains(text, []byte(`"srttMicros"`))
	return nil
}

// own moves what c refers to into the memory of old.
func (c *Conn) own(old *Conn) {
	c.UID = copyPointer(old.UID, c.UID)
	c.SegmentsReceived = copyPointer(old.SegmentsReceived, c.SegmentsReceived)
	c.SegmentsSent = copyPointer(old.SegmentsSent, c.SegmentsSent)
	c.SegmentsUnacked = copyPointer(old.SegmentsUnacked, c.SegmentsUnacked)
}

func (c *Conn) clone() Conn {
	copied := *c
	copied.UID = clonePointer(c.UID)
	copied.SegmentsReceived = clonePointer(c.SegmentsReceived)
	copied.SegmentsSent = clonePointer(c.SegmentsSent)
	copied.SegmentsUnacked = clonePointer(c.SegmentsUnacked)
	return copied
}
