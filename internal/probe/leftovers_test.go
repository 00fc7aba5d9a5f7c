package probe

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// TestNothingIsLeft: after Close the kernel has nothing of ours.
func TestNothingIsLeft(t *testing.T) {
	openSession(t, Options{}).Close() // opens what this process keeps for good
	files := openFiles(t)
	ours := openAndClose(t)
	if len(ours) < 10 {
		t.Fatalf("only %d objects in the kernel", len(ours))
	}
	if now := openFiles(t); now != files {
		t.Errorf("%d open files, %d before", now, files)
	}
	// The kernel frees them a moment later, and those that were mapped when
	// the garbage collector unmaps them.
	deadline := time.Now().Add(10 * time.Second)
	for name, exists := range ours {
		for exists() {
			if time.Now().After(deadline) {
				t.Errorf("%s is still there", name)
				break
			}
			runtime.GC()
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// openAndClose keeps no reference to its session.
func openAndClose(t *testing.T) map[string]func() bool {
	t.Helper()
	s, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	ours := kernelObjects(t, s)
	for name, exists := range ours {
		if !exists() {
			t.Errorf("%s is not there while the session is open", name)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	return ours
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// kernelObjects are all programs, links and maps of a session by name, with a
// way to ask whether the kernel still has them.
func kernelObjects(t *testing.T, s *Session) map[string]func() bool {
	t.Helper()
	objects := make(map[string]func() bool)
	program := func(name string, p *ebpf.Program) {
		info, err := p.Info()
		if err != nil {
			t.Fatal(err)
		}
		id, _ := info.ID()
		objects["program "+name] = func() bool {
			p, err := ebpf.NewProgramFromID(id)
			p.Close()
			return err == nil
		}
	}
	for a := range s.programs {
		program(a.name, a.program)
		info, err := a.link.Info()
		if err != nil {
			continue // links of an old kernel have no number
		}
		objects["link "+a.name] = func() bool {
			l, err := link.NewFromID(info.ID)
			if err == nil {
				l.Close()
			}
			return err == nil
		}
	}
	switch search := s.holders.(type) {
	case *tableSearch:
		program("holders", search.program)
	case *fileSearch:
		program("holders", search.program)
	}
	for name, m := range s.maps {
		info, err := m.Info()
		if err != nil {
			t.Fatal(err)
		}
		id, _ := info.ID()
		objects["map "+name] = func() bool {
			m, err := ebpf.NewMapFromID(id)
			m.Close()
			return err == nil
		}
	}
	return objects
}
