package peers

import (
	"context"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/otlp"
	"github.com/rsttrace/rsttrace/internal/sink/queued"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestOutageOfVictoriaLogs: the server ends and comes back. No record is lost, and none is
// there twice.
func TestOutageOfVictoriaLogs(t *testing.T) {
	data := t.TempDir()
	v := startVictoriaLogs(t, data)
	s := newStream(t)
	sender, err := otlp.New(otlp.Options{Endpoint: "http://" + v.address + "/insert/opentelemetry/v1/logs", Host: event.Host{HostName: hostName}, Batch: 16})
	must(t, err)
	stage := queued.New(sender, queued.Options{Name: "otlp", Retry: 10 * time.Millisecond, RetryMax: 200 * time.Millisecond, Report: func(line string) { t.Log(line) }})
	parts := len(s.events) / 3
	give := func(events []*event.Event) {
		for _, e := range events {
			must(t, stage.Event(e))
		}
	}
	give(s.events[:parts])
	await(t, "the first part is written", func() bool { return stage.Stats().Queued == 0 })
	must(t, v.cmd.Process.Signal(syscall.SIGTERM))
	await(t, "the server ends", v.hasEnded)

	give(s.events[parts : 2*parts])
	if written := stage.Stats().Written; written != uint64(parts) {
		t.Errorf("%d written while the server is away, want %d", written, parts)
	}
	again := startVictoriaLogsAt(t, v.address, data)
	give(s.events[2*parts:])
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	must(t, stage.Close(ctx))
	if stats := stage.Stats(); stats.Dropped != 0 || stats.Written != uint64(len(s.events)) {
		t.Errorf("%+v", stats)
	}

	again.awaitCount("*", len(s.events))
	for id := range s.events {
		query := "rsttrace.id:=" + strconv.Itoa(id+1) + " event_name:=tcp.reset"
		if id%40 == 0 { // some are enough: the count is right
			again.awaitCount(query, 1)
		}
	}
}
