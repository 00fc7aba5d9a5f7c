package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Family describes one metric, for readers.
type Family struct {
	Name   string
	Type   string // "counter", "gauge", "histogram"
	Labels []string
	Help   string
}

// Metric is a row of a table with what a collector needs.
type Metric struct {
	Family
	Desc *prometheus.Desc
}

// NewMetric returns a row. The help is a sentence without its stop: Prometheus shows it in
// a line.
func NewMetric(kind, name, help string, labels ...string) *Metric {
	return &Metric{Family: Family{Name: name, Type: kind, Labels: labels, Help: help}, Desc: prometheus.NewDesc(name, help, labels, nil)}
}

// The table.
var (
	resets = NewMetric("counter", "rsttrace_resets_total",
		"RSTs by direction and cause, exact: from the counters in the kernel", "direction", "cause")
	ownerResets = NewMetric("counter", "rsttrace_owner_resets_total",
		"Resets by whose socket it was: a systemd unit, a workload, a container or a command", "direction", "cause", "owner_kind", "owner")
	portResets = NewMetric("counter", "rsttrace_port_resets_total",
		"Resets by the port of this host that was connected to; other: nobody was seen to listen there", "direction", "cause", "port")
	idle = NewMetric("histogram", "rsttrace_idle_before_reset_seconds",
		"For how long no data had passed when the connection ended", "cause")
	age = NewMetric("histogram", "rsttrace_connection_age_seconds",
		"How old the connection was", "direction")
	findings = NewMetric("counter", "rsttrace_findings_total",
		"Incidents by their diagnosis, as rsttrace explain lists them; none: no diagnosis fits", "finding")
	appErrors = NewMetric("counter", "rsttrace_app_errors_total",
		"Errors that applications of this host get from resets, by the call that reports them", "errno", "call")
	sigpipes = NewMetric("counter", "rsttrace_sigpipe_total",
		"SIGPIPEs after a reset; ended: the process died of it", "ended")
	lostBytes = NewMetric("counter", "rsttrace_lost_bytes_total",
		"Bytes that died with their connection: unread by the application, unsent, or sent and not acknowledged", "kind")
	diagnostics = NewMetric("counter", "rsttrace_rst_diagnostics_total",
		"Received RSTs that say why they were sent, by the code of the registry TCP Failure Causes", "code")

	eventsLost = NewMetric("counter", "rsttrace_events_lost_total",
		"Events that were counted and whose details were lost, because rsttrace read too slowly")
	eventsNotShown = NewMetric("counter", "rsttrace_events_not_shown_total",
		"Events that were counted and held back by a filter or a limit, with ten seconds of delay")
	probesMissed = NewMetric("counter", "rsttrace_probes_missed_total",
		"How often the kernel skipped a probe: what it would have seen is in no count")
	ownerDisplaced = NewMetric("counter", "rsttrace_owner_displaced_total",
		"Resets counted with the owner other, because there was no room for their owner")

	hookAttached = NewMetric("gauge", "rsttrace_hook_attached",
		"Whether a hook without which resets are not seen is attached", "hook")
	hookInfo = NewMetric("gauge", "rsttrace_hook_info",
		"How each hook is reached; none: it could not be attached", "hook", "method")
	limitInfo = NewMetric("gauge", "rsttrace_limit_info",
		"What cannot be known on this kernel, by the ids of rsttrace doctor", "limit")
	auditUnexplained = NewMetric("gauge", "rsttrace_audit_unexplained",
		"By how much a counter of the kernel differs from the events in the last audit; 0: they agree", "counter")
)

// families is the table, in the order of the documentation.
var families = []*Metric{
	resets, ownerResets, portResets, idle, age, findings, appErrors, sigpipes, lostBytes, diagnostics,
	eventsLost, eventsNotShown, probesMissed, ownerDisplaced,
	hookAttached, hookInfo, limitInfo, auditUnexplained,
}

// Families lists all metrics of the sink.
func Families() []Family {
	all := make([]Family, 0, len(families))
	for _, f := range families {
		all = append(all, f.Family)
	}
	return all
}
