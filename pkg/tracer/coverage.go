package tracer

import (
	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Hook says how a kernel function or tracepoint is reached.
type Hook struct {
	Function string       // of the kernel
	Method   event.Method // "": it is not watched
	Refused  []string     // better methods that the kernel refused, and why
	Lacks    string       // what events lack without it, if something
}

// Limit is something that cannot be known on this kernel by these methods.
type Limit struct {
	ID       string // in kebab-case
	Sentence string
}

// Hooks lists all hooks. A hook of a module that is not loaded is attached later. Any
// goroutine may call it.
func (t *Tracer) Hooks() []Hook { return t.live.Hooks() }

// Limits lists what no event can tell here. No limit: all is seen. Any goroutine may call it.
func (t *Tracer) Limits() []Limit { return t.live.Limits() }

// attached is a tracer whose kernel side is shown in the words of this package.
type attached struct{ *tracing.Tracer }

// Hooks are those of the session.
func (a attached) Hooks() (hooks []Hook) {
	for _, h := range a.Session().Hooks() {
		hook := Hook{Function: h.Function, Method: h.Method, Lacks: h.Lacks}
		for _, r := range h.Refused {
			hook.Refused = append(hook.Refused, r.String())
		}
		hooks = append(hooks, hook)
	}
	return hooks
}

// Limits are those of the session.
func (a attached) Limits() (limits []Limit) {
	for _, l := range a.Session().Limits() {
		limits = append(limits, Limit{ID: l.ID, Sentence: l.Sentence})
	}
	return limits
}
