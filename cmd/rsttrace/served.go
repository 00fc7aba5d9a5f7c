package main

import (
	"slices"

	"github.com/rsttrace/rsttrace/internal/sink/metrics"
	"github.com/rsttrace/rsttrace/internal/tracing"
)

// served is a tracer as package serve asks it. Any goroutine may.
type served struct{ *tracing.Tracer }

// Hooks are those that are attached, or should be. A hook that waits for its module is
// neither.
func (s served) Hooks() (hooks []metrics.Hook) {
	for _, h := range s.Session().Hooks() {
		if !h.Later && !h.Unwanted {
			hooks = append(hooks, metrics.Hook{Name: h.Function, Method: h.Method, Needed: h.Needed})
		}
	}
	return hooks
}

// Limits are the ids of what cannot be known on this kernel.
func (s served) Limits() (ids []string) {
	for _, limit := range s.Session().Limits() {
		ids = append(ids, limit.ID)
	}
	return ids
}

// Listening are the ports of the listeners in all network namespaces, each once.
func (s served) Listening() ([]uint16, error) {
	listeners, err := s.Session().Listeners()
	if err != nil {
		return nil, err
	}
	ports := make([]uint16, 0, len(listeners))
	for _, listener := range listeners {
		ports = append(ports, listener.At.Port())
	}
	slices.Sort(ports)
	return slices.Compact(ports), nil
}
