package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/osthread"
	"github.com/rsttrace/rsttrace/internal/roottest"
)

// fakeProc is a /proc made of files.
type fakeProc struct {
	t   *testing.T
	dir string
}

func newFakeProc(t *testing.T) fakeProc { return fakeProc{t, t.TempDir()} }

func (f fakeProc) host() Host { return Host{Proc: f.dir, Named: filepath.Join(f.dir, "no-such")} }

// process adds a process in a network namespace whose counters are the given
// ones; without any the counters cannot be read.
func (f fakeProc) process(pid string, netns uint32, counters ...string) {
	f.t.Helper()
	f.link(pid, "net", netns)
	if len(counters) == 0 {
		return
	}
	names, values := "", ""
	for _, c := range counters {
		name, value, _ := strings.Cut(c, "=")
		names, values = names+" "+name, values+" "+value
	}
	f.write(pid+"/net/snmp", fmt.Sprintf("Ip: Forwarding\nIp: 1\nTcp:%s\nTcp:%s\n", names, values))
	f.write(pid+"/net/netstat", "TcpExt: TCPAbortOnData\nTcpExt: 0\n")
}

func (f fakeProc) link(pid, kind string, inode uint32) {
	f.t.Helper()
	must(f.t, os.MkdirAll(filepath.Join(f.dir, pid, "ns"), 0o755))
	path := filepath.Join(f.dir, pid, "ns", kind)
	_ = os.Remove(path)
	must(f.t, os.Symlink(fmt.Sprintf("%s:[%d]", kind, inode), path))
}

func (f fakeProc) write(name, text string) {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	must(f.t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(f.t, os.WriteFile(path, []byte(text), 0o644))
}

func (f fakeProc) end(pid string) { must(f.t, os.RemoveAll(filepath.Join(f.dir, pid))) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestHostRead(t *testing.T) {
	f := newFakeProc(t)
	f.write("uptime", "1")
	f.write("irq/0", "")
	f.link("1", "pid", initialPIDNamespace)
	f.process("1", 100, "OutRsts=7")
	f.process("20", 100, "OutRsts=7")
	f.process("30", 200, "OutRsts=5")
	f.process("40", 300)                        // its counters cannot be read
	f.process("50", 400)                        // nor can these,
	f.process("51", 400, "OutRsts=9")           // but there is another one
	must(t, os.Mkdir(f.dir+"/60", 0o755))       // a zombie has no namespace
	must(t, os.MkdirAll(f.dir+"/70/ns", 0o755)) // nonsense is no namespace
	must(t, os.Symlink("net:[x]", f.dir+"/70/ns/net"))

	r, err := f.host().Read()
	must(t, err)
	got := map[uint32]uint64{}
	for inode, s := range r.Namespaces {
		got[inode] = s["TcpOutRsts"]
	}
	if diff := cmp.Diff(map[uint32]uint64{100: 7, 200: 5, 400: 9}, got); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[uint32]string{300: f.dir + "/40"}, r.Unreadable); diff != "" {
		t.Errorf("unreadable (-want +got):\n%s", diff)
	}
	if r.Partial {
		t.Errorf("partial is %t", r.Partial)
	}
}

// TestHostPartial: /proc of a container shows its own processes only.
func TestHostPartial(t *testing.T) {
	for process, want := range map[string]bool{"1": true, "self": true, "2": false} {
		f := newFakeProc(t)
		f.link(process, "pid", 4026532000)
		if got := f.host().partial(); got != want {
			t.Errorf("pid namespace of process %s is not the initial one: partial is %t", process, got)
		}
	}
}

func TestHostReadFails(t *testing.T) {
	if _, err := (Host{Proc: t.TempDir() + "/nothing"}).Read(); err == nil {
		t.Error("no /proc, and no error")
	}
}

// TestReadThisMachine finds at least the namespace of the test itself.
func TestReadThisMachine(t *testing.T) {
	r, err := Host{}.Read()
	must(t, err)
	link, err := os.Readlink("/proc/self/ns/net")
	must(t, err)
	inode, err := parseNamespace(link, "net")
	must(t, err)
	if _, ok := r.Namespaces[inode]["TcpOutRsts"]; !ok {
		t.Errorf("namespace %d is missing or has no TcpOutRsts; found %d", inode, len(r.Namespaces))
	}
}

// TestNamed: a namespace that has a name and no process.
func TestNamed(t *testing.T) {
	roottest.Need(t, roottest.Namespaces)
	dir := t.TempDir()
	must(t, os.WriteFile(dir+"/left-over", nil, 0o644))
	path := dir + "/lonely"
	must(t, os.WriteFile(path, nil, 0o644))
	made := make(chan error)
	osthread.Throwaway(func() {
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			err = unix.Mount("/proc/thread-self/ns/net", path, "", unix.MS_BIND, "")
		}
		made <- err
	})
	if err := <-made; err != nil {
		t.Skipf("no network namespace can be mounted here: %v", err)
	}
	defer func() { must(t, unix.Unmount(path, unix.MNT_DETACH)) }()
	inode, ok := namespaceAt(path)
	if !ok {
		t.Fatal("the mount is not taken for a namespace")
	}
	f := newFakeProc(t)
	r, err := Host{Proc: f.dir, Named: dir}.Read()
	must(t, err)
	s, ok := r.Namespaces[inode]
	if !ok || len(r.Namespaces) != 1 || len(r.Unreadable) != 0 {
		t.Fatalf("found %v, unreadable %v", r.Namespaces, r.Unreadable)
	}
	if out, ok := s["TcpOutRsts"]; !ok || out != 0 {
		t.Errorf("TcpOutRsts %d, %t in a new namespace", out, ok)
	}
}

func BenchmarkHostRead(b *testing.B) {
	b.ReportAllocs()
	var namespaces, reads int
	for b.Loop() {
		r, err := Host{}.Read()
		if err != nil {
			b.Fatal(err)
		}
		namespaces += len(r.Namespaces)
		reads++
	}
	b.ReportMetric(float64(namespaces)/float64(reads), "namespaces")
}

// TestExhausted: where this process has no more open files, that is the reason, and
// not the namespace.
func TestExhausted(t *testing.T) {
	for err, want := range map[error]bool{unix.EMFILE: true, unix.ENFILE: true, unix.ENOMEM: true, unix.EAGAIN: true, unix.EPERM: false, unix.ENOENT: false} {
		if exhausted(fmt.Errorf("kernel counters: %w", err)) != want {
			t.Errorf("%v: want %v", err, want)
		}
	}
	r := Report{}
	r.note(&Reading{Unreadable: map[uint32]string{7: "/proc/40"}, Exhausted: unix.EMFILE})
	if notes := strings.Join(r.Notes, " "); !strings.Contains(notes, "too many open files") || strings.Contains(notes, "CAP_SYS_ADMIN") {
		t.Errorf("notes: %s", notes)
	}
}
