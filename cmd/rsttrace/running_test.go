package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// TestPrivilegesAreDropped looks at every thread of a running tracer.
func TestPrivilegesAreDropped(t *testing.T) {
	p := start(t, received(ownAddress())...)
	const want = 1<<cap.BPF | 1<<cap.PERFMON | 1<<cap.SYS_PTRACE
	// The ready file may be there a moment before.
	deadline := time.Now().Add(10 * time.Second)
	for {
		wrong := otherCapabilities(t, p.Process.Pid, want)
		if wrong == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(wrong)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// otherCapabilities tells of a thread that has other capabilities than wanted.
func otherCapabilities(t *testing.T, pid int, want uint64) string {
	t.Helper()
	paths, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(paths) == 0 {
		t.Fatalf("threads of %d: %v, %v", pid, paths, err)
	}
	for _, path := range paths {
		for _, set := range []string{"CapEff", "CapPrm"} {
			text := statusField(path, set)
			if got, err := strconv.ParseUint(text, 16, 64); err != nil || got != want {
				return fmt.Sprintf("%s: %s is %s, want %x", path, set, text, want)
			}
		}
	}
	return ""
}

// statusField reads a line of /proc/PID/status; threads may end meanwhile.
func statusField(path, name string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return "absent"
}

// TestKilled: after kill -9 the kernel has nothing of ours any more.
func TestKilled(t *testing.T) {
	p := start(t, received(ownAddress())...)
	objects := bpfObjects(t, p.Process.Pid)
	if len(objects) < 10 {
		t.Fatalf("only %d BPF objects in use: %v", len(objects), objects)
	}
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.wait(t)
	deadline := time.Now().Add(10 * time.Second)
	for _, o := range objects {
		for o.exists() {
			if time.Now().After(deadline) {
				t.Errorf("%+v is still in the kernel", o)
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// bpfObject is a program, link or map that a process holds.
type bpfObject struct {
	kind string // as /proc/PID/fdinfo calls its number
	id   uint32
}

func (o bpfObject) exists() bool {
	var err error
	switch o.kind {
	case "prog_id":
		var p *ebpf.Program
		p, err = ebpf.NewProgramFromID(ebpf.ProgramID(o.id))
		p.Close()
	case "map_id":
		var m *ebpf.Map
		m, err = ebpf.NewMapFromID(ebpf.MapID(o.id))
		m.Close()
	default:
		var l link.Link
		if l, err = link.NewFromID(link.ID(o.id)); err == nil {
			l.Close()
		}
	}
	return err == nil
}

func bpfObjects(t *testing.T, pid int) (objects []bpfObject) {
	t.Helper()
	paths, err := filepath.Glob(fmt.Sprintf("/proc/%d/fdinfo/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			continue // closed meanwhile
		}
		fields := bufio.NewScanner(file)
		for fields.Scan() {
			kind, value, _ := strings.Cut(fields.Text(), ":")
			if kind != "prog_id" && kind != "map_id" && kind != "link_id" {
				continue
			}
			if id, err := strconv.ParseUint(strings.TrimSpace(value), 10, 32); err == nil {
				objects = append(objects, bpfObject{kind, uint32(id)})
			}
		}
		file.Close()
	}
	return objects
}
