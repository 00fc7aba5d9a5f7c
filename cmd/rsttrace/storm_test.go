package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestStormIsFolded: ten thousand equal resets of this kernel are a handful of lines, and
// another kind among them comes at once.
func TestStormIsFolded(t *testing.T) {
	const resets, mostLines = 10_000, 12
	for _, odd := range []bool{false, true} {
		address := ownAddress()
		p := command(t, "--host", address)
		out, err := os.Create(filepath.Join(t.TempDir(), "out"))
		must(t, err)
		defer out.Close()
		shown := func() string {
			text, err := os.ReadFile(out.Name())
			must(t, err)
			return string(text)
		}
		p.Stdout = out
		p.startAndAwait(t)
		began := time.Now()
		for i := range resets {
			refuse(t, address)
			if odd && i == resets/2 {
				abort(t, address)
			}
		}
		updates := int(time.Since(began) / time.Minute) // the later ones of a slow machine
		if odd {
			for deadline := time.Now().Add(patience); !strings.Contains(shown(), " #2 "); time.Sleep(5 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("the other kind does not show:\n%s", shown())
				}
			}
		}
		must(t, p.Process.Signal(unix.SIGINT))
		if code := p.wait(t); code != exitFine {
			t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
		}
		text := shown()
		before, _, found := strings.Cut(text, "DIRECTION")
		if lines := strings.Count(strings.TrimSpace(before), "\n") + 1; !found || !odd && lines > mostLines+updates {
			t.Errorf("%d lines:\n%s", lines, text)
		}
		for _, count := range []string{"closed-port", "refused"} {
			// Totals are of the whole host: others may reset connections, too.
			row := regexp.MustCompile(count + ` +([0-9]+)`).FindStringSubmatch(text)
			if row == nil {
				t.Fatalf("%s is in no row:\n%s", count, text)
			}
			if events, err := strconv.Atoi(row[1]); err != nil || events < resets {
				t.Errorf("not all resets of %s were counted:\n%s", count, text)
			}
		}
	}
}
