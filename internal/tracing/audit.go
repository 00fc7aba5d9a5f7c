package tracing

import (
	"github.com/rsttrace/rsttrace/internal/audit"
	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// auditEvents are the exact counts by what the kernel's own counters tell
// apart, for audit.New. Filters, limits and losses do not touch them.
func (t *Tracer) auditEvents() (audit.Events, error) {
	// Namespaces first: so they never have an event that the totals lack.
	namespaces, err := t.source.NetnsCounts()
	if err != nil {
		return audit.Events{}, err
	}
	counts, err := t.source.Counts()
	if err != nil {
		return audit.Events{}, err
	}
	events := audit.Events{
		Counts: make(audit.Counts), Namespaces: auditNamespaces(namespaces),
		Uncounted: counts.Uncounted, Unplaced: counts.Unplaced, Missed: counts.Missed,
	}
	for _, count := range counts.ByEvidence {
		if cause.IsReset(count.Evidence) {
			events.Counts[auditKey(count.Evidence)] += count.Events
		}
	}
	return events, nil
}

func auditNamespaces(counts []probe.NetnsCount) map[audit.Namespace]audit.Counts {
	namespaces := make(map[audit.Namespace]audit.Counts)
	for i := range counts {
		count := &counts[i]
		if !cause.IsReset(count.Evidence) {
			continue
		}
		namespace := audit.Namespace{Inode: count.Inode, Mix: count.Mix}
		if namespaces[namespace] == nil {
			namespaces[namespace] = make(audit.Counts)
		}
		namespaces[namespace][auditKey(count.Evidence)] += count.Events
	}
	return namespaces
}

func auditKey(e event.Evidence) audit.Key {
	verdict := cause.Classify(e)
	return audit.Key{
		Dir: verdict.Dir, Cause: verdict.Cause, Hook: e.Hook, Socket: e.Socket, State: e.StateBefore(),
	}
}
