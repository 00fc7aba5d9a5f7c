package serve

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rsttrace/rsttrace/internal/sink/metrics"
)

var (
	sinkRecords = metrics.NewMetric("counter", "rsttrace_sink_records_total", "Records that a sink has written: events, findings and all else", "sink")
	sinkDropped = metrics.NewMetric("counter", "rsttrace_sink_dropped_total", "Records that a sink has not written, because it was too slow or away", "sink")
	sinkQueue   = metrics.NewMetric("gauge", "rsttrace_sink_queue_length", "Records that wait for a sink", "sink")

	streamClients = metrics.NewMetric("gauge", "rsttrace_stream_clients", "Clients that read /events or /findings now")
	streamCutOff  = metrics.NewMetric("counter", "rsttrace_stream_clients_cut_off_total", "Clients of /events or /findings that were cut off because they read too slowly")
	streamRefused = metrics.NewMetric("counter", "rsttrace_stream_clients_refused_total", "Clients of /events or /findings for whom there was no room")

	countsFailed = metrics.NewMetric("counter", "rsttrace_counts_failed_total", "How often the counters in the kernel could not be read")

	reloadGood  = metrics.NewMetric("gauge", "rsttrace_config_last_reload_successful", "Whether the settings were taken when they were read last")
	reloadTime  = metrics.NewMetric("gauge", "rsttrace_config_last_reload_success_timestamp_seconds", "When the settings were taken that hold now")
	reloadCount = metrics.NewMetric("counter", "rsttrace_config_reloads_total", "How often the settings were read again, by what became of it", "result")

	targetInfo   = metrics.NewMetric("gauge", "target_info", "This machine, by the names that OpenTelemetry has for it", "host_name", "host_id")
	buildVersion = metrics.NewMetric("gauge", "rsttrace_build_info", "Version of rsttrace and of the Go compiler", "version", "goversion", "goarch")
)

// value is that of a metric in one scrape.
func value(m *metrics.Metric, number float64, labels ...string) prometheus.Metric {
	kind := prometheus.GaugeValue
	if m.Type == "counter" {
		kind = prometheus.CounterValue
	}
	return prometheus.MustNewConstMetric(m.Desc, kind, number, labels...)
}

// own are all of them.
var own = []*metrics.Metric{
	sinkRecords, sinkDropped, sinkQueue, streamClients, streamCutOff, streamRefused, countsFailed, reloadGood, reloadTime, reloadCount, targetInfo, buildVersion,
}

// Families lists all metrics, except for those of the process and of Go.
func Families() []metrics.Family {
	all := metrics.Families()
	for _, m := range own {
		all = append(all, m.Family)
	}
	return all
}

// ownMetrics collects them.
type ownMetrics struct{ *Server }

// Describe is part of prometheus.Collector.
func (m ownMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, metric := range own {
		to <- metric.Desc
	}
}

// Collect is part of prometheus.Collector.
func (m ownMetrics) Collect(to chan<- prometheus.Metric) {
	for name, stats := range m.outputs.stats() {
		to <- value(sinkRecords, float64(stats.Written), name)
		to <- value(sinkDropped, float64(stats.Dropped), name)
		to <- value(sinkQueue, float64(stats.Queued), name)
	}
	clients, cutOff, refused := m.streams.numbers()
	to <- value(streamClients, float64(clients))
	to <- value(streamCutOff, float64(cutOff))
	to <- value(streamRefused, float64(refused))
	to <- value(countsFailed, float64(m.counts.failures()))
	m.reloads.collect(to)
	to <- value(targetInfo, 1, m.host.HostName, m.host.HostID)
	to <- value(buildVersion, 1, m.version, runtime.Version(), runtime.GOARCH)
}
