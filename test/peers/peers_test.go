package peers

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// world is rsttrace serve, and Prometheus with all that belongs to it.
type world struct {
	began        time.Time
	serve        *serve
	config       string // its file
	log          string // of its sink
	idle         *idleConnections
	tracked      *trackedHost
	prometheus   *prometheus
	alertmanager string // its address
}

func newWorld(t *testing.T) *world {
	t.Helper()
	need(t, "prometheus", "promtool", "prometheus-alertmanager", "prometheus-node-exporter")
	folder := t.TempDir()
	w := &world{began: time.Now(), config: filepath.Join(folder, "rsttrace.yml"), log: filepath.Join(folder, "resets.jsonl"), alertmanager: startAlertmanager(t)}
	w.configure(t)
	w.serve = startServe(t, "--config", w.config)
	w.idle = openIdle(t)
	w.tracked = newTrackedHost(t)
	targets := map[string]string{"rsttrace": w.serve.at, "node": startNodeExporter(t)}
	if w.tracked != nil {
		targets["tracked"] = w.tracked.exporter
	}
	w.prometheus = startPrometheus(t, prometheusOptions{targets: targets, rules: impatientRules(t), alertmanager: w.alertmanager})
	w.prometheus.awaitScrape("rsttrace", w.began)
	w.prometheus.awaitScrape("node", w.began)
	return w
}

// configure writes the file of settings, with the sinks that are there besides the log.
func (w *world) configure(t *testing.T, sinks ...string) {
	t.Helper()
	text := "max-rate: 0\nring-size: 256K\naudit: 2s\nsinks:\n"
	for _, sink := range append(sinks, "type: file, path: "+w.log) {
		text += "  - {" + sink + "}\n"
	}
	must(t, os.WriteFile(w.config, []byte(text), 0o644))
}

// TestPrometheus plays the lab under Prometheus. The steps need the resets of those before
// them.
func TestPrometheus(t *testing.T) {
	w := newWorld(t)
	for _, step := range []struct {
		name string
		test func(*testing.T, *world)
	}{
		{"health checks are quiet", testHealthChecksAreQuiet},
		{"PromQL has the numbers of the lab", testCounts},
		{"an alert arrives", testAlertArrives},
		{"alerts of resets", testProvoked(ofResets)},
		{"OutRsts of the kernel", testOutRsts},
		{"the metrics are clean", testMetricsAreClean},
		{"rules", testRulesWork},
		{"dashboard", testDashboard},
		{"alerts of rsttrace", testProvoked(ofRsttrace)},
	} {
		t.Run(step.name, func(t *testing.T) { step.test(t, w) })
	}
}

// testMetricsAreClean: promtool finds nothing wrong with names, types and helps.
func testMetricsAreClean(t *testing.T, w *world) {
	_, metrics, err := fetch(t.Context(), "http://"+w.serve.at+"/metrics")
	must(t, err)
	path, err := find("promtool")
	must(t, err)
	check := exec.CommandContext(t.Context(), path, "check", "metrics")
	check.Stdin = strings.NewReader(string(metrics))
	if said, err := check.CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, said)
	}
}
