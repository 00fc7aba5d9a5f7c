package peers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/sink/otlp"
	"github.com/rsttrace/rsttrace/internal/sink/queued"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// collectorConfig has a collector of OpenTelemetry print all that it gets.
const collectorConfig = `
receivers: {otlp: {protocols: {http: {endpoint: "%s"}}}}
exporters: {debug: {verbosity: detailed}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {logs: {receivers: [otlp], exporters: [debug]}}
`

// startCollector returns where it listens.
func startCollector(t *testing.T) (p *program, address string) {
	t.Helper()
	address = freeAddress(t)
	config := filepath.Join(t.TempDir(), "config.yaml")
	must(t, os.WriteFile(config, []byte(fmt.Sprintf(collectorConfig, address)), 0o600))
	p = startPath(t, engine(t, "otelcol"), "--config", config)
	p.await("is ready", func() bool { return strings.Contains(p.output.String(), "Everything is ready") })
	return p, address
}

var (
	recordNumber = regexp.MustCompile(`(?m)^LogRecord #\d+$`)
	eventNumber  = regexp.MustCompile(`(?m)^ +-> rsttrace\.id: Int\((\d+)\)$`)
)

// TestCollector: the collector of OpenTelemetry itself understands each record, and gets each
// event once.
func TestCollector(t *testing.T) {
	for _, plain := range []bool{false, true} {
		t.Run(fmt.Sprintf("plain %t", plain), func(t *testing.T) {
			p, address := startCollector(t)
			s := newStream(t)
			sender, err := otlp.New(otlp.Options{Endpoint: "http://" + address, Host: event.Host{HostName: hostName}, Version: "v1.2.3", Plain: plain, Batch: 100})
			must(t, err)
			stage := queued.New(sender, queued.Options{Name: "otlp", Delay: time.Second, Report: func(line string) { t.Error(line) }})
			for _, e := range s.events {
				must(t, stage.Event(e))
			}
			for _, f := range s.followups {
				must(t, stage.Followup(f))
			}
			for _, f := range s.findings {
				must(t, stage.Finding(f))
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			must(t, stage.Close(ctx))
			if stats := stage.Stats(); stats.Dropped > 0 {
				t.Errorf("%+v", stats)
			}

			want := len(s.events) + len(s.followups) + len(s.findings)
			var text string
			p.await("has all records", func() bool {
				text = p.output.String()
				return len(recordNumber.FindAllString(text, -1)) >= want
			})
			if got := len(recordNumber.FindAllString(text, -1)); got != want {
				t.Errorf("the collector has %d records, want %d", got, want)
			}
			var ids, all []int
			for _, record := range strings.Split(text, "LogRecord #") {
				m := eventNumber.FindStringSubmatch(record)
				if m == nil || !strings.Contains(record, "EventName: tcp.reset\n") {
					continue
				}
				id, err := strconv.Atoi(m[1])
				must(t, err)
				ids = append(ids, id)
			}
			for i := range s.events {
				all = append(all, i+1)
			}
			slices.Sort(ids)
			if diff := cmp.Diff(all, ids); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			for _, part := range []string{
				"-> host.name: Str(" + hostName + ")", "-> service.name: Str(rsttrace)", "-> service.version: Str(v1.2.3)",
				"EventName: tcp.reset", "-> network.transport: Str(tcp)", "SeverityText: ", "-> process.pid: Int(", "-> rsttrace.because: Slice(",
			} {
				if !strings.Contains(text, part) {
					t.Errorf("no record has %s", part)
				}
			}
		})
	}
}
