package tracing

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/cgroup"
	"github.com/rsttrace/rsttrace/internal/netnsname"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// addCgroup makes a cgroup of hostWithService and returns its id.
func addCgroup(t *testing.T, root, name string) uint64 {
	t.Helper()
	folder := filepath.Join(root, "sys/fs/cgroup", name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(folder)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Ino
}

// TestHiddenCgroups: a control group is hidden once it is certain that it is not
// wanted; for a while only where that rests on names, which may change.
func TestHiddenCgroups(t *testing.T) {
	root, _, web := hostWithService(t)
	mail := addCgroup(t, root, "system.slice/mail.service")
	container := addCgroup(t, root, "docker/"+strings.Repeat("5", 64))
	top := addCgroup(t, root, ".")
	for name, test := range map[string]struct {
		filter string
		hidden map[uint64]time.Duration
		shown  []uint16
	}{
		"no filter":    {"", nil, []uint16{1, 2, 3, 4, 5}},
		"other filter": {"pid 10", nil, []uint16{1, 2, 3, 4, 5}},
		"a cgroup":     {"cgroup /system.slice/web.service", map[uint64]time.Duration{mail: 0, container: 0}, []uint16{1}},
		"a slice":      {"unit system.slice", map[uint64]time.Duration{container: 0}, []uint16{1, 2}},
		"a container":  {"container web-1", map[uint64]time.Duration{web: 0, mail: 0, container: namesHold}, nil},
		"its id":       {"container " + strings.Repeat("5", 12), map[uint64]time.Duration{web: 0, mail: 0}, []uint16{3}},
		"a pod":        {"pod cart", map[uint64]time.Duration{web: 0, mail: 0, container: namesHold}, nil},
		"not its port": {"port 1 and unit db.service", map[uint64]time.Duration{web: 0}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var events []event.Event
			for i, id := range []uint64{web, mail, container, top, 0} { // of the last two the socket says nothing
				e := received(uint16(i+1), uint64(i+1)<<8)
				e.Peer.Port = 1000
				e.Kernel.Cgroup = id
				e.Kernel.Current = event.Process{PID: 10, Comm: "app"}
				events = append(events, e)
			}
			f := newFakeSource()
			f.afterDetach = append(f.afterDetach, resets(events...))
			tracer := tracing(f, test.filter)
			tracer.locations = &locations{cgroups: cgroup.Open(cgroup.Options{Root: root}), netns: netnsname.New(netnsname.Options{Root: root})}
			defer tracer.Close()
			for _, e := range events {
				for deadline := time.Now().Add(20 * time.Second); tracer.awaitsName(&e, e.Time); time.Sleep(time.Millisecond) {
					if time.Now().After(deadline) {
						t.Fatal("no answer about a name")
					}
				}
			}
			var shown []uint16
			f.detached = true
			tracer.sink = &sinkFuncs{event: func(e *event.Event) error { shown = append(shown, e.Local.Port); return nil }}
			if err := tracer.drain(); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(shown, test.shown) {
				t.Errorf("shown %v, want %v", shown, test.shown)
			}
			if !maps.Equal(f.hidden, test.hidden) {
				t.Errorf("hidden %v, want %v", f.hidden, test.hidden)
			}
		})
	}
}

// TestPairFilteredOut: an event is not linked to one that its location hides, also
// where only its process tells the location.
func TestPairFilteredOut(t *testing.T) {
	root, _, web := hostWithService(t)
	sent, refused := resetPair()
	sent.Kernel.Cgroup = web
	f := newFakeSource(resets(sent, refused))
	tracer := tracing(f, "unit web.service")
	tracer.locations = &locations{cgroups: cgroup.Open(cgroup.Options{Root: root}), netns: netnsname.New(netnsname.Options{Root: root})}
	defer tracer.Close()
	tracer.endPairs = newEndPairs()
	_, events := collect(tracer, 1)
	if e := &events[0]; e.Owner.Unit != "web.service" || e.PeerEvent != 0 {
		t.Errorf("unit %q, linked to %d", e.Owner.Unit, e.PeerEvent)
	}
}
