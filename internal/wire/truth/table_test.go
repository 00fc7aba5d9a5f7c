package truth

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the table of docs/wire.md")

const (
	page  = "../../../docs/wire.md"
	begin = "<!-- the lab: go test ./internal/wire/truth -update -->\n"
	end   = "<!-- end of the lab -->\n"
)

// TestTableIsCurrent: the page has what the captures of the lab give now.
func TestTableIsCurrent(t *testing.T) {
	table, err := Table(t.Context(), readLab(t))
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want, found := Between(string(old), begin, end, table)
	switch {
	case !found:
		t.Fatal("docs/wire.md has no place for the table")
	case *update:
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	case string(old) != want:
		t.Error("the table of docs/wire.md is old: go test ./internal/wire/truth -update, and look at the difference")
	}
}
