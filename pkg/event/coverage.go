package event

import (
	"net/netip"
	"slices"
	"time"
)

// Coverage says what a host would have shown up to its time: what it looks for, what cannot
// be known there, and what is missing since the Coverage before. With it, a RST that a host
// does not have can be told from one that it could not see.
type Coverage struct {
	Host
	Time  time.Time     `json:"time"`
	Phase CoveragePhase `json:"phase"`
	Since time.Time     `json:"since"` // when the tracer began
	Dirs  []Dir         `json:"dirs"`  // that are looked for
	// Filter hides events, beside those of other directions. "": there is none.
	Filter  string   `json:"filter,omitzero"`
	MaxRate uint32   `json:"maxRate,omitzero"` // as in tracer.Options
	Limits  []string `json:"limits,omitzero"`  // ids of what cannot be known there

	// What is missing since the Coverage before.
	Lost     uint64 `json:"lostEvents,omitzero"`
	Missed   uint64 `json:"missed,omitzero"`
	HeldBack bool   `json:"heldBack,omitzero"` // MaxRate may have hidden events

	// Addresses are those of the network namespace of the tracer. Forwards: the host passes
	// packets of others on, so an address of its own may stand for somebody else.
	Addresses []netip.Addr `json:"addresses,omitzero"`
	Forwards  bool         `json:"forwards,omitzero"`
	Kernel    string       `json:"kernel,omitzero"` // release
}

// CoveragePhase says where in a run a Coverage is.
type CoveragePhase string

const (
	CoverageBegins CoveragePhase = "begins" // everything is attached
	CoverageGoesOn CoveragePhase = "goesOn"
	CoverageEnds   CoveragePhase = "ends" // nothing is attached any more
)

// CoverageEvery is how long it takes until the next Coverage at most, while a tracer runs.
const CoverageEvery = 30 * time.Second

// Hides returns the Coverage behind a filter. c does not change.
func (c *Coverage) Hides(filter string) *Coverage {
	if filter == "" {
		return c
	}
	hidden := *c
	if hidden.Filter = filter; c.Filter != "" && c.Filter != filter {
		hidden.Filter = "(" + c.Filter + ") and (" + filter + ")"
	}
	return &hidden
}

// Clone returns a copy of c that shares no memory with it that changes.
func (c *Coverage) Clone() *Coverage {
	copied := *c
	copied.Dirs, copied.Limits, copied.Addresses = slices.Clone(c.Dirs), slices.Clone(c.Limits), slices.Clone(c.Addresses)
	return &copied
}
