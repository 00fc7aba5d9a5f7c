package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestExported: constants, functions, types with fields and methods are listed, and
// nothing that is not exported.
func TestExported(t *testing.T) {
	lines, err := exported([]string{"github.com/rsttrace/rsttrace/pkg/event"})
	if err != nil {
		t.Fatal(err)
	}
	const p = "github.com/rsttrace/rsttrace/pkg/event: "
	for _, want := range []string{
		p + "func Decode(line []byte, to Sink) error",
		p + "type Event struct",
		p + "type Event struct, field Dir Dir",
		p + "type Event, func (*Event).Clone() *Event",
		p + `const Sent Dir`,
		p + "var Dirs []Dir",
	} {
		if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, want) }) {
			t.Errorf("no line %q", want)
		}
	}
	for _, line := range lines {
		if strings.Contains(line, "micros(") {
			t.Errorf("not exported: %q", line)
		}
	}
}

// TestInternal: what others cannot import is in no exported name. A field, a
// method, a parameter and an alias can mention it.
func TestInternal(t *testing.T) {
	_, err := exported([]string{"./testdata/leaks"})
	for _, want := range []string{
		"type Alias =", "struct, field Field", "func (T).Method()", "func Function(", "var Variable",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no complaint of %q: %v", want, err)
		}
	}
	if err != nil && strings.Contains(err.Error(), "ours") {
		t.Errorf("a field that is not exported is no leak: %v", err)
	}
}

func TestCheck(t *testing.T) {
	listing := filepath.Join(t.TempDir(), "api.txt")
	packages := []string{"github.com/rsttrace/rsttrace/pkg/event"}
	if err := run(false, listing, packages); err != nil {
		t.Fatal(err)
	}
	if err := run(true, listing, packages); err != nil {
		t.Error(err)
	}
	if err := run(true, listing, []string{"github.com/rsttrace/rsttrace/pkg/cause"}); err == nil {
		t.Error("another package has the same listing")
	}
}
