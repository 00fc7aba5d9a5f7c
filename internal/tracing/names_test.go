package tracing

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/cgroup"
	"github.com/rsttrace/rsttrace/internal/netnsname"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// silentEngine is a container engine that accepts and never answers.
func silentEngine(t *testing.T, root string) {
	t.Helper()
	socket := filepath.Join(root, "run/docker.sock")
	if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
		t.Fatal(err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() }) // it accepts by its backlog
}

// fromContainers are events of so many containers, and one of another whose id
// is asked for.
func fromContainers(t *testing.T, root string, n int) (events []event.Event, wanted string) {
	t.Helper()
	for i := range n + 1 {
		id := strings.Repeat("0123456789abcdef"[i%16:][:1], 60) + strings.Repeat("f0"[i/16:][:1], 4)
		e := received(uint16(i+1), uint64(i+1)<<8)
		e.Kernel.Cgroup = addCgroup(t, root, "docker/"+id)
		e.Kernel.Current = event.Process{PID: 10, Comm: "app"}
		events = append(events, e)
		wanted = id
	}
	return events, wanted
}

// TestSilentEngine: while an engine does not answer, records are read, nothing is
// lost, and the wait is one for all.
func TestSilentEngine(t *testing.T) {
	root, _, _ := hostWithService(t)
	silentEngine(t, root)
	events, wanted := fromContainers(t, root, 30)
	f := newFakeSource(resets(events[:10]...), resets(events[10:]...))
	tracer := tracing(f, "container in (web-1, "+wanted+")")
	tracer.locations = &locations{cgroups: cgroup.Open(cgroup.Options{Root: root, ByName: true}), netns: netnsname.New(netnsname.Options{Root: root})}
	defer tracer.Close()
	var warnings []error
	tracer.warn = func(warning error) { warnings = append(warnings, warning) }
	_, shown := collect(tracer, 1)
	if len(shown) != 1 || shown[0].Owner.Container != "docker/"+wanted {
		t.Fatalf("shown: %+v", shown)
	}
	if f.reads < 3 {
		t.Errorf("only %d reads before the end of the wait: the ring was left alone", f.reads)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0].Error(), "docker does not answer") {
		t.Errorf("warnings: %v", warnings)
	}
}

// TestSilentEngineAtTheEnd: the end of the context ends the wait for names.
func TestSilentEngineAtTheEnd(t *testing.T) {
	root, _, _ := hostWithService(t)
	silentEngine(t, root)
	events, _ := fromContainers(t, root, 30)
	for i := range events {
		events[i].Time = time.Now().Add(-lastNamePatience) // the patience of what is running is longer
	}
	f := newFakeSource(resets(events...))
	tracer := tracing(f, "container web-1")
	tracer.locations = &locations{cgroups: cgroup.Open(cgroup.Options{Root: root, ByName: true}), netns: netnsname.New(netnsname.Options{Root: root})}
	defer tracer.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var warnings int
	tracer.warn = func(error) { warnings++ }
	err := tracer.Run(ctx, &sinkFuncs{
		event: func(e *event.Event) error { return fmt.Errorf("an event: %+v", e) },
		flush: func() error { cancel(errors.New("enough")); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if warnings > 0 {
		t.Error("the engine's time was up before the end of the context was looked at")
	}
}
