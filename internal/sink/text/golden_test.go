package text

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden writes the same events with every set of options. Read the files
// in testdata to see what users see.
func TestGolden(t *testing.T) {
	for name, o := range map[string]Options{
		"file":             {},
		"file-evidence":    {Evidence: true},
		"80-columns":       {Width: 80},
		"120-columns":      {Width: 120},
		"200-columns":      {Width: 200},
		"400-columns":      {Width: 400},
		"40-columns":       {Width: 40},
		"120-columns-rows": {Width: 120, Height: 40},
		"120-color":        {Width: 120, Height: 40, Color: true},
		"120-ascii":        {Width: 120, ASCII: true},
	} {
		t.Run(name, func(t *testing.T) {
			o.Location = time.UTC
			checkGolden(t, name, write(t, o))
		})
	}
}

// write writes the fixture events, a loss and the totals.
func write(t *testing.T, o Options) []byte {
	t.Helper()
	var out bytes.Buffer
	s := New(&out, o)
	for _, e := range fixture.Events() {
		must(t, s.Event(e))
	}
	must(t, s.Loss(fixture.Loss()))
	must(t, s.Loss(&event.Loss{}))
	nextDay := *fixture.Events()[0]
	nextDay.Time = nextDay.Time.Add(24 * time.Hour)
	must(t, s.Event(&nextDay))
	must(t, s.Totals(fixture.Totals()))
	must(t, s.Flush(time.Time{}))
	return out.Bytes()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func checkGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s differs (-want +got), go test -update accepts it:\n%s", path, diff)
	}
}
