package otlp

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/internal/sink/sentence"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func open(t *testing.T, o Options) *Sink {
	t.Helper()
	s, err := New(o)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestEvent: one event, in the names of the semantic conventions.
func TestEvent(t *testing.T) {
	c := collect(t, nil)
	further := map[string]string{"k8s.node.name": "worker-7", "service.name": "resets"}
	s := open(t, Options{Endpoint: c.URL, Host: event.Host{HostName: "web-1", HostID: "0123", BootID: "4567"}, Version: "1.2", Resource: further})
	e := fixture.Events()[2]
	e.Owner.Exe, e.Owner.Container, e.Owner.Pod = "/usr/bin/worker", "containerd/app", "shop/cart-6d9f"
	e.Because = []string{"one", "two"}
	must(t, s.Event(e))
	must(t, s.Flush(fixture.Start))
	record := c.records()[0]
	want := map[string]any{
		"network.transport": "tcp", "network.type": "ipv4",
		"network.local.address": "10.0.0.5", "network.local.port": int64(39822),
		"network.peer.address": "192.0.2.17", "network.peer.port": int64(6379),
		"process.pid": int64(4411), "process.executable.name": "worker", "process.executable.path": "/usr/bin/worker",
		"container.name": "app", "container.runtime.name": "containerd",
		"k8s.namespace.name": "shop", "k8s.pod.name": "cart-6d9f",
		"error.type":  "EPIPE",
		"rsttrace.id": int64(3), "rsttrace.direction": "received", "rsttrace.cause": "wrote-after-peer-close",
		"rsttrace.certainty": "exact", "rsttrace.because": []any{"one", "two"},
		"rsttrace.remedy": "stop writing once read returns 0; ignore SIGPIPE and handle EPIPE",
		"rsttrace.state":  "CLOSE_WAIT", "rsttrace.owner.source": "socket", "rsttrace.peer_event": int64(12),
		"rsttrace.lost.unacked_bytes": int64(512), "rsttrace.hook": "tcp_reset", "rsttrace.via": "fentry",
	}
	if diff := cmp.Diff(want, plain(t, record.Attributes)); diff != "" {
		t.Error(diff)
	}
	if record.EventName != "tcp.reset" || record.SeverityNumber != logs.SeverityNumber_SEVERITY_NUMBER_INFO || record.SeverityText != "INFO" {
		t.Errorf("%v", record)
	}
	if record.TimeUnixNano != uint64(e.Time.UnixNano()) || time.Since(time.Unix(0, int64(record.ObservedTimeUnixNano))).Abs() > time.Hour {
		t.Errorf("times %d, %d", record.TimeUnixNano, record.ObservedTimeUnixNano)
	}
	if got, want := record.Body.GetStringValue(), string(sentence.AppendEvent(nil, e)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	resource := c.requests[0].ResourceLogs[0]
	wantResource := map[string]any{"k8s.node.name": "worker-7", "service.name": "resets", "service.version": "1.2", "host.name": "web-1", "host.id": "0123", "os.type": "linux", "rsttrace.boot_id": "4567"}
	if diff := cmp.Diff(wantResource, plain(t, resource.Resource.Attributes)); diff != "" {
		t.Error(diff)
	}
	if scope := resource.ScopeLogs[0].Scope; scope.Name != "github.com/rsttrace/rsttrace" || scope.Version != "1.2" {
		t.Errorf("scope %v", scope)
	}
}

// TestAllEvents: everything is decoded, also what is not UTF-8.
func TestAllEvents(t *testing.T) {
	c := collect(t, nil)
	s := open(t, Options{Endpoint: c.URL, Batch: 7})
	for _, e := range fixture.Events() {
		must(t, s.Event(e))
	}
	must(t, s.Flush(fixture.Start))
	records := c.records()
	if len(records) != len(fixture.Events()) {
		t.Fatalf("%d records", len(records))
	}
	for i, e := range fixture.Events() {
		a := plain(t, records[i].Attributes)
		if a["rsttrace.id"] != int64(e.ID) || a["rsttrace.cause"] != string(e.Cause) || a["rsttrace.direction"] != string(e.Dir) {
			t.Errorf("record %d is %v", i, a)
		}
	}
	for _, request := range c.requests {
		if got := len(request.ResourceLogs[0].ScopeLogs[0].LogRecords); got > 7 {
			t.Errorf("a batch of %d", got)
		}
	}
}

// TestOwners: names and ids of containers and pods.
func TestOwners(t *testing.T) {
	const id = "4f1d8e0c9b7a4f1d8e0c9b7a4f1d8e0c9b7a4f1d8e0c9b7a4f1d8e0c9b7a4f1d"
	for _, tt := range []struct {
		container, pod string
		want           map[string]any
	}{
		{"docker/web-1", "", map[string]any{"container.runtime.name": "docker", "container.name": "web-1"}},
		{"cri/" + id, "8a7c2f3e-1b2d", map[string]any{"container.runtime.name": "cri", "container.id": id, "k8s.pod.uid": "8a7c2f3e-1b2d"}},
		{"lxc", "a/b", map[string]any{"container.name": "lxc", "k8s.namespace.name": "a", "k8s.pod.name": "b"}},
	} {
		c := collect(t, nil)
		s := open(t, Options{Endpoint: c.URL})
		must(t, s.Event(&event.Event{Owner: event.Owner{Container: tt.container, Pod: tt.pod}}))
		must(t, s.Flush(fixture.Start))
		got := plain(t, c.records()[0].Attributes)
		delete(got, "network.transport")
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// TestOtherItems: name and severity of each.
func TestOtherItems(t *testing.T) {
	c := collect(t, nil)
	s := open(t, Options{Endpoint: c.URL})
	must(t, s.Followup(fixture.Followups()[0]))
	must(t, s.Finding(&event.Finding{Time: fixture.Start, ID: 3, Summary: "it happened", Pattern: "scan", Phase: event.FindingBegins, Resets: 9}))
	must(t, s.Finding(&event.Finding{Time: fixture.Start, ID: 4, Summary: "it happened", Harmless: true}))
	must(t, s.Loss(fixture.Loss()))
	must(t, s.Totals(fixture.Totals()))
	must(t, s.Audit(&event.Audit{Time: fixture.Start, OK: true}))
	must(t, s.Audit(&event.Audit{Time: fixture.Start}))
	must(t, s.Flush(fixture.Start))
	var got []string
	for _, r := range c.records() {
		got = append(got, r.SeverityText+" "+r.EventName)
		if r.Body.GetStringValue() == "" || r.TimeUnixNano == 0 {
			t.Errorf("%v", r)
		}
		if (r.SeverityText == "WARN") != (r.SeverityNumber == logs.SeverityNumber_SEVERITY_NUMBER_WARN) {
			t.Errorf("%v", r)
		}
	}
	want := []string{
		"INFO tcp.reset.followup", "WARN tcp.reset.finding", "INFO tcp.reset.finding",
		"WARN rsttrace.lost", "INFO rsttrace.counts", "INFO rsttrace.audit", "WARN rsttrace.audit",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	finding := plain(t, c.records()[1].Attributes)
	if finding["rsttrace.finding"] != int64(3) || finding["rsttrace.pattern"] != "scan" || finding["rsttrace.phase"] != "begins" || finding["rsttrace.resets"] != int64(9) {
		t.Errorf("%v", finding)
	}
	if lost := plain(t, c.records()[3].Attributes); lost["rsttrace.lost_events"] != int64(37) {
		t.Errorf("%v", lost)
	}
}
