package roottest

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// skipped is a test that notes why it is skipped.
type skipped struct {
	testing.TB
	why string
}

func (*skipped) Helper() {}

func (s *skipped) Skip(args ...any) { s.why = fmt.Sprint(args...) }

// TestNeedSkips: with the variable, the tests of root are skipped for everyone.
func TestNeedSkips(t *testing.T) {
	t.Setenv(variable, "1")
	var test skipped
	Need(&test, BPF)
	if want := "needs root: " + BPF; test.why != want {
		t.Errorf("skipped because %q, want %q", test.why, want)
	}
}

// TestVariableCounts: a test that only asks for the user id would run when root
// calls "make quick".
func TestVariableCounts(t *testing.T) {
	const root = "../.."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") || d.Name() == "need_test.go" {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte("os.Geteuid()")) && !bytes.Contains(text, []byte(variable)) {
			t.Errorf("%s asks only for the user id; use roottest.Need or look at %s, too", path, variable)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
