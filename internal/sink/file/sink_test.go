package file

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/internal/sink"
	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/internal/sink/jsonl"
	"github.com/rsttrace/rsttrace/internal/sink/queued"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, o Options) *Sink {
	t.Helper()
	s, err := New(o)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

var now = fixture.Start

// ids reads the numbers of the events in a file. Every line must be whole.
func ids(t *testing.T, path string) (ids []uint64) {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("}\n")) {
			t.Errorf("%s has the line %q", path, line)
			continue
		}
		var e struct{ ID uint64 }
		must(t, json.Unmarshal(line, &e))
		ids = append(ids, e.ID)
	}
	return ids
}

func names(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	must(t, err)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func numbered(id uint64) *event.Event {
	e := fixture.Events()[0]
	e.ID = id
	return e
}

// TestLines: they are those of -o json, and a file that is there is continued.
func TestLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resets.json")
	before := unix.Umask(0o077)
	defer unix.Umask(before)
	options := Options{Path: path, JSON: jsonl.Options{}}
	var want bytes.Buffer
	plain := jsonl.New(&want, options.JSON)
	for range 2 {
		s := open(t, options)
		for _, e := range fixture.Events() {
			must(t, s.Event(e))
			must(t, plain.Event(e))
		}
		must(t, s.Totals(fixture.Totals()))
		must(t, plain.Totals(fixture.Totals()))
		must(t, s.Close())
	}
	must(t, plain.Flush(now))
	got, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v", info.Mode())
	}
}

// TestReopen: after the file was moved, lines go into a new one.
func TestReopen(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "resets.json")
	s := open(t, Options{Path: path})
	must(t, s.Event(numbered(1)))
	must(t, os.Rename(path, path+".1"))
	must(t, s.Event(numbered(2)))
	must(t, s.Reopen())
	must(t, s.Event(numbered(3)))
	must(t, s.Flush(now))
	must(t, os.Remove(path))
	must(t, s.Reopen())
	must(t, s.Event(numbered(4)))
	must(t, s.Flush(now))
	if diff := cmp.Diff([]uint64{1, 2}, ids(t, path+".1")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]uint64{4}, ids(t, path)); diff != "" {
		t.Error(diff)
	}
}

// TestReopenWithoutFolder: the old file goes on, and the error names the path.
func TestReopenWithoutFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "log")
	must(t, os.Mkdir(folder, 0o755))
	path := filepath.Join(folder, "resets.json")
	s := open(t, Options{Path: path})
	must(t, os.Rename(folder, folder+".old"))
	if err := s.Reopen(); err == nil || err.Error() != path+": there is no folder "+folder+": make it, or name another one" {
		t.Error(err)
	}
	must(t, s.Event(numbered(1)))
	must(t, s.Flush(now))
	if diff := cmp.Diff([]uint64{1}, ids(t, filepath.Join(folder+".old", "resets.json"))); diff != "" {
		t.Error(diff)
	}
}

// TestSize: no file is larger than the limit, no line is split, and the oldest files go.
func TestSize(t *testing.T) {
	const size, keep = 10_000, 3
	folder := t.TempDir()
	path := filepath.Join(folder, "resets.json")
	foreign := filepath.Join(folder, "resets-000000.json.txt")
	must(t, os.WriteFile(foreign, []byte("mine"), 0o600))
	must(t, os.WriteFile(filepath.Join(folder, "resets-000001.json"), []byte("mine"), 0o600))
	s := open(t, Options{Path: path, Size: size, Keep: keep})
	for id := uint64(1); id <= 500; id++ {
		must(t, s.Event(numbered(id)))
		if id%7 == 0 {
			must(t, s.Flush(now))
		}
	}
	must(t, s.Close())
	want := []string{"resets-000000.json.txt", "resets-000001.json"}
	all := names(t, folder)
	if len(all) != len(want)+keep+1 || all[0] != want[0] || all[1] != want[1] {
		t.Fatalf("the folder has %q", all)
	}
	next := uint64(0)
	for _, name := range all[2:] {
		info, err := os.Stat(filepath.Join(folder, name))
		must(t, err)
		if info.Size() > size || info.Size() == 0 {
			t.Errorf("%s has %d bytes", name, info.Size())
		}
		for _, id := range ids(t, filepath.Join(folder, name)) {
			if next != 0 && id != next {
				t.Errorf("%s has event %d, want %d", name, id, next)
			}
			next = id + 1
		}
	}
	if next != 501 {
		t.Errorf("the last event is %d", next-1)
	}
}

// TestLineOverTheLimit: a line that is larger than a file has one of its own.
func TestLineOverTheLimit(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "resets.json")
	s := open(t, Options{Path: path, Size: 100})
	for id := uint64(1); id <= 3; id++ {
		must(t, s.Event(numbered(id)))
	}
	must(t, s.Flush(now))
	if diff := cmp.Diff([]string{"resets-000001.json", "resets-000002.json", "resets.json"}, names(t, folder)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]uint64{3}, ids(t, path)); diff != "" {
		t.Error(diff)
	}
}

// TestTornLine: a line that a crash cut off stays alone.
func TestTornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resets.json")
	must(t, os.WriteFile(path, []byte(`{"schema":2,"time":"20`), 0o640))
	s := open(t, Options{Path: path})
	must(t, s.Event(numbered(1)))
	must(t, s.Close())
	text, err := os.ReadFile(path)
	must(t, err)
	if !strings.HasPrefix(string(text), "{\"schema\":2,\"time\":\"20\n{\"schema\":2,") || bytes.Count(text, []byte("\n")) != 2 {
		t.Errorf("%q", text)
	}
}

// TestCutByOthers: copytruncate of logrotate empties the file. What is written then is at
// its beginning, and counts from there.
func TestCutByOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resets.json")
	s := open(t, Options{Path: path, Size: 10_000})
	must(t, s.Event(numbered(1)))
	must(t, s.Flush(now))
	must(t, os.Truncate(path, 0))
	must(t, s.Event(numbered(2)))
	must(t, s.Flush(now))
	if diff := cmp.Diff([]uint64{2}, ids(t, path)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	folder := t.TempDir()
	fifo := filepath.Join(folder, "fifo")
	must(t, unix.Mkfifo(fifo, 0o600))
	for path, want := range map[string]string{
		filepath.Join(folder, "no", "resets.json"): "/no/resets.json: there is no folder " + filepath.Join(folder, "no") + ": make it, or name another one",
		folder: ": this is no regular file: name another one",
		fifo:   ": this is no regular file: name another one",
	} {
		if _, err := New(Options{Path: path}); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestFolderNotWritable: the file can be written, and could never be renamed.
func TestFolderNotWritable(t *testing.T) {
	const nobody = 65534
	roottest.Need(t, "another user's rights are taken on")
	folder := filepath.Join(t.TempDir(), "log")
	must(t, os.Mkdir(folder, 0o755))
	for parent := folder; parent != os.TempDir(); parent = filepath.Dir(parent) {
		must(t, os.Chmod(parent, 0o755))
	}
	path := filepath.Join(folder, "resets.json")
	must(t, os.WriteFile(path, nil, 0o644))
	must(t, os.Chown(path, nobody, nobody))
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		if err := unix.Setfsuid(nobody); err != nil {
			failed <- err
			return
		}
		_, err := New(Options{Path: path, Size: 1 << 20})
		failed <- err
	}()
	if err := <-failed; err == nil || !strings.HasPrefix(err.Error(), folder+": permission denied: ") {
		t.Error(err)
	}
}

// lines collects what people read.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

func (l *lines) has(part string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(strings.Join(l.all, "\n"), part)
}

// TestFullDisk: the disk fills up, and is emptied again. No line is torn, the queue keeps
// as many as it has room for, and the others are counted and said.
func TestFullDisk(t *testing.T) {
	const wait = 16
	folder := roottest.SmallFolder(t, "512k")
	path := filepath.Join(folder, "resets.json")
	ballast := filepath.Join(folder, "ballast")
	must(t, os.WriteFile(ballast, bytes.Repeat([]byte{0}, 256<<10), 0o600))
	var said lines
	stage := queued.New(open(t, Options{Path: path}), queued.Options{
		Name: "sink file", Items: wait, Retry: time.Millisecond, RetryMax: 10 * time.Millisecond, Report: said.add,
	})
	id := uint64(0)
	until(t, "lines are dropped", func() bool {
		id++
		must(t, stage.Event(numbered(id)))
		return stage.Stats().Dropped >= 100
	})
	until(t, "the full disk is said", func() bool { return said.has("no space left on device") })
	must(t, os.Remove(ballast))
	until(t, "all that waits is written", func() bool { return stage.Stats().Queued == 0 })
	for range 20 {
		id++
		must(t, stage.Event(numbered(id)))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	must(t, stage.Close(ctx))

	found, lost, last := uint64(0), uint64(0), uint64(0)
	text, err := os.ReadFile(path)
	must(t, err)
	for line := range bytes.Lines(text) {
		must(t, event.Decode(bytes.TrimSpace(line), &account{event: func(e *event.Event) {
			if e.ID <= last {
				t.Errorf("event %d comes behind %d", e.ID, last)
			}
			last = e.ID
			found++
		}, loss: func(l *event.Loss) { lost += l.Events }}))
	}
	if found+lost != id || lost != stage.Stats().Dropped {
		t.Errorf("%d events and %d in lost lines of %d; %+v", found, lost, id, stage.Stats())
	}
}

type account struct {
	event.NopSink
	event func(*event.Event)
	loss  func(*event.Loss)
}

func (a *account) Event(e *event.Event) error { a.event(e); return nil }
func (a *account) Loss(l *event.Loss) error   { a.loss(l); return nil }

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatal("not within two minutes: " + what)
		}
	}
}

// TestFullDiskWithoutQueue: the same call works later.
func TestFullDiskWithoutQueue(t *testing.T) {
	folder := roottest.SmallFolder(t, "128k")
	path := filepath.Join(folder, "resets.json")
	s := open(t, Options{Path: path})
	var err error
	id := uint64(0)
	for err == nil {
		if id++; id > 10_000 {
			t.Fatal("the disk is never full")
		}
		if err = s.Event(numbered(id)); err == nil {
			err = s.Flush(now)
		}
	}
	var retry *sink.RetryError
	if !errors.As(err, &retry) || err.Error() != path+": no space left on device" {
		t.Errorf("the error is %v", err)
	}
	if got := ids(t, path); got[len(got)-1] != id-1 {
		t.Errorf("the file ends with event %d, want %d", got[len(got)-1], id-1)
	}
	must(t, os.Truncate(path, 0))
	must(t, s.Flush(now))
	if diff := cmp.Diff([]uint64{id}, ids(t, path)); diff != "" {
		t.Error(diff)
	}
}
