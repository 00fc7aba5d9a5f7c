package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// maxProgram is how large the program may be, in bytes.
const maxProgram = 27_000_000

// TestProgramIsSmall builds it as make build does. The linker leaves out methods that
// nothing calls, unless something calls a method by a name that it cannot know. Templates
// do. One package that has them in an init makes the program 4.6 MB larger.
func TestProgramIsSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("it links the program, which takes seconds")
	}
	program := filepath.Join(t.TempDir(), "rsttrace")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -dumpdep", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	dependencies, err := build.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := build.Start(); err != nil {
		t.Fatal(err)
	}
	lines, byName := 0, ""
	for scanner := bufio.NewScanner(dependencies); scanner.Scan(); lines++ {
		if line := scanner.Text(); byName == "" && strings.Contains(line, "<ReflectMethod>") {
			byName = line
		}
	}
	if err := build.Wait(); err != nil {
		t.Fatal(err)
	}
	if lines < 10_000 {
		t.Fatalf("the linker named only %d dependencies", lines)
	}
	if byName != "" {
		t.Errorf("something calls methods by name, so the linker keeps all of them:\n%s", byName)
	}
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > maxProgram {
		t.Errorf("the program has %d bytes, more than %d", info.Size(), maxProgram)
	}
	t.Logf("%.1f MB", float64(info.Size())/1e6)
}
