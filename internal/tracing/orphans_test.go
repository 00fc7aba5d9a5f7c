package tracing

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestOrphans: the numbers are those of the files, not older than a second, and absent
// where one is missing.
func TestOrphans(t *testing.T) {
	proc := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(proc, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	at := func(o *orphans, id event.CauseID, now time.Time) event.Orphans {
		e := event.Event{Cause: id}
		o.complete(&e, now)
		return e.Orphans
	}
	o := &orphans{proc: proc}
	if got := at(o, cause.OrphanLimit, now); got.Known {
		t.Errorf("without files: %+v", got)
	}
	write("sys/net/ipv4/tcp_max_orphans", "8192\n")
	write("sys/net/ipv4/tcp_mem", "90\t100\t200\n")
	write("net/sockstat", "sockets: used 11\nTCP: inuse 1 orphan 4097 tw 10 alloc 1 mem 218\nUDP: inuse 0 mem 7\n")
	now = now.Add(orphansFor)
	want := event.Orphans{Known: true, Limit: 8192, Open: 4097, MemoryLimit: 200, Memory: 218}
	if diff := cmp.Diff(want, at(o, cause.OrphanLimit, now)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := at(o, cause.LingerZero, now); got.Known {
		t.Errorf("of another cause: %+v", got)
	}
	write("net/sockstat", "TCP: inuse 1 orphan 5000 tw 10 alloc 1 mem 218\n")
	if got := at(o, cause.OrphanLimit, now.Add(orphansFor-1)); got.Open != 4097 {
		t.Errorf("read again at once: %+v", got)
	}
	if got := at(o, cause.OrphanLimit, now.Add(orphansFor)); got.Open != 5000 {
		t.Errorf("not read again: %+v", got)
	}
	for _, broken := range []string{"TCP: inuse 1 tw 10 alloc 1 mem 218\n", "TCP: inuse 1 orphan x tw 10\n", ""} {
		write("net/sockstat", broken)
		if got := at(&orphans{proc: proc}, cause.OrphanLimit, now); got.Known {
			t.Errorf("%q: %+v", broken, got)
		}
	}
}

// TestOrphansOfThisHost: this kernel has these files.
func TestOrphansOfThisHost(t *testing.T) {
	if _, err := os.Stat("/proc/sys/net/ipv4/tcp_max_orphans"); err != nil {
		t.Skip("needs the first network namespace: tcp_max_orphans is not in another one")
	}
	if got := readOrphans("/proc"); !got.Known || got.MemoryLimit == 0 {
		t.Errorf("%+v", got)
	}
}
