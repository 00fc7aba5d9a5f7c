package event

import "encoding/json"

// StillListening is how many sockets listen where a listener was closed with connections in
// its queue, a moment later: others with SO_REUSEPORT, or one that has begun since.
type StillListening struct {
	Known   bool   `json:"-"`
	Sockets uint32 `json:"sockets"`
}

// IsZero makes StillListening absent from JSON exactly where it is not known.
func (s StillListening) IsZero() bool { return !s.Known }

// UnmarshalJSON makes it known if it is there.
func (s *StillListening) UnmarshalJSON(text []byte) error {
	type plain StillListening
	if err := json.Unmarshal(text, (*plain)(s)); err != nil {
		return err
	}
	s.Known = string(text) != "null"
	return nil
}
