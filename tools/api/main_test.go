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
