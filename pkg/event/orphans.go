package event

import "encoding/json"

// Orphans is what this host has of closed connections that live on, and of memory for TCP,
// beside its limits. It is read when the event is, and not by the kernel at the RST.
type Orphans struct {
	Known       bool   `json:"-"`
	Limit       uint64 `json:"limit"` // net.ipv4.tcp_max_orphans
	Open        uint64 `json:"open"`
	MemoryLimit uint64 `json:"memoryLimit"` // pages: the last number of net.ipv4.tcp_mem
	Memory      uint64 `json:"memory"`      // pages
}

// IsZero makes Orphans absent from JSON exactly where it is not known.
func (o Orphans) IsZero() bool { return !o.Known }

// UnmarshalJSON makes it known if it is there.
func (o *Orphans) UnmarshalJSON(text []byte) error {
	type plain Orphans
	if err := json.Unmarshal(text, (*plain)(o)); err != nil {
		return err
	}
	o.Known = string(text) != "null"
	return nil
}
