package event

import "encoding/json"

// Listener is the queue of the listener that the connection was to be accepted from.
type Listener struct {
	Known   bool   `json:"-"`
	Backlog uint32 `json:"backlog"` // the limit: more than this many do not get in
	Used    uint32 `json:"used"`    // how many waited at the hook, with the connection itself
}

// IsZero makes Listener absent from JSON exactly where it is not known.
func (l Listener) IsZero() bool { return !l.Known }

// UnmarshalJSON makes a listener known if it is there.
func (l *Listener) UnmarshalJSON(text []byte) error {
	type plain Listener
	if err := json.Unmarshal(text, (*plain)(l)); err != nil {
		return err
	}
	l.Known = string(text) != "null"
	return nil
}

// FormerListener is the socket that listened, until it was closed, where a SYN finds
// nobody.
type FormerListener struct {
	AgoMillis uint64 `json:"agoMillis,omitzero"` // since it was closed
	PID       uint32 `json:"pid,omitzero"`       // of the process that closed it
	Comm      string `json:"comm,omitzero"`
	Ended     Ended  `json:"ended,omitzero"` // the end of that process closed it
	KilledBy  Killer `json:"killedBy,omitzero"`
}

// Elsewhere is another address of this host at which a socket listens on the port of a
// SYN that found nobody, and the process that has that socket.
type Elsewhere struct {
	Endpoint
	PID  uint32 `json:"pid,omitzero"` // 0: not known
	Comm string `json:"comm,omitzero"`
}
