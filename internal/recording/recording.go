package recording

import "github.com/rsttrace/rsttrace/pkg/event"

// Format is the version of the files.
const Format = 1

// Recording is what one run of the selftest saw on one kernel by one method.
type Recording struct {
	Format int    `json:"format"`
	Schema int    `json:"eventSchema"`
	Kernel string `json:"kernel"` // release
	Arch   string `json:"arch"`   // as Go calls it
	// Realtime says that it was built with CONFIG_PREEMPT_RT.
	Realtime bool         `json:"realtime,omitzero"`
	Method   event.Method `json:"method"` // that was forced
	// Hooks says how each kernel function, tracepoint and iterator was
	// reached; "" where it was not.
	Hooks    map[string]event.Method `json:"hooks"`
	Limits   []string                `json:"limits"`   // ids of package probe
	Counters []string                `json:"counters"` // of those that the audit knows, the ones this kernel has
	// Evidence has every kind of evidence once.
	Evidence  []Verdict  `json:"evidence"`
	Scenarios []Scenario `json:"scenarios"`
}

// Verdict is a kind of evidence and what rsttrace said of it.
type Verdict struct {
	ID        string          `json:"id"`
	Dir       event.Dir       `json:"dir"`
	Cause     event.CauseID   `json:"cause"`
	Certainty event.Certainty `json:"certainty"`
	Evidence  event.Evidence  `json:"evidence"`
}

// Scenario is one scenario of the lab over one address family.
type Scenario struct {
	Name   string       `json:"name"`
	Family event.Family `json:"family"`
	// Causes are those that it sets out to provoke.
	Causes         []event.CauseID `json:"causes,omitempty"`
	Skipped        string          `json:"skipped,omitzero"` // why it was not played; the rest is then empty
	KernelDeviates string          `json:"differs,omitzero"` // what this kernel does otherwise, so that causes may be missing
	// Namespaces in which something was due or counted.
	Namespaces []Namespace `json:"namespaces,omitempty"`
}

// Namespace is what happened in one network namespace of a scenario.
type Namespace struct {
	Name   string   `json:"name"`
	Events []Event  `json:"events,omitempty"`
	Hidden []Hidden `json:"hidden,omitempty"`
	// Growth of the kernel's counters, those that stood still left out.
	Growth map[string]uint64 `json:"growth,omitempty"`
	// CounterExceptions is by how much a counter grew beyond the events, as it must.
	CounterExceptions map[string]int `json:"uneven,omitempty"`
}

// Event is an event that was due and reported.
type Event struct {
	Expected event.CauseID `json:"expected"`       // of a tracer that sees everything
	Evidence string        `json:"evidence"`       // id
	State    event.State   `json:"state,omitzero"` // before the kernel changed it; the flow memory may know more than the evidence
	Limit    string        `json:"limit,omitzero"` // id of the limit by which the verdict is another cause
	Times    int           `json:"times,omitzero"` // 0: once
}

// Hidden is an event that happened and that this kernel, reached like this,
// cannot show.
type Hidden struct {
	Dir    event.Dir      `json:"dir"`
	Cause  event.CauseID  `json:"cause"`
	Hook   event.Hook     `json:"hook"`
	Socket event.SockKind `json:"socket,omitzero"`
	State  event.State    `json:"state,omitzero"`
	Limit  string         `json:"limit"`
	Times  int            `json:"times,omitzero"` // 0: once
}
