package peers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// programsVariable names a folder with unpacked Debian packages.
const programsVariable = "RSTTRACE_PROGRAMS"

// rsttraceProgram is what TestMain builds.
var rsttraceProgram string

func TestMain(m *testing.M) {
	if lab.ActorMain() {
		return
	}
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	folder, err := os.MkdirTemp("", "rsttrace-peers")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	rsttraceProgram = filepath.Join(folder, "rsttrace")
	build := exec.Command("go", "build", "-o", rsttraceProgram, "../../cmd/rsttrace")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, output)
		return 1
	}
	return m.Run()
}

// need skips a test where a program of Debian's packages is missing, or that is not run
// by root.
func need(t *testing.T, programs ...string) {
	t.Helper()
	roottest.Need(t, roottest.BPF)
	needPrograms(t, programs...)
}

func needPrograms(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if _, err := find(name); err != nil {
			t.Skipf("needs %s: make peers fetches it", name)
		}
	}
}
