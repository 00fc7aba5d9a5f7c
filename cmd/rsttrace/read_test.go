package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/rsttrace/rsttrace/internal/sink/jsonl"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// recorded writes three events and what follows, as rsttrace -o json does.
func recorded(t *testing.T) (path string, lines []string) {
	t.Helper()
	var out bytes.Buffer
	sink := jsonl.New(&out, jsonl.Options{Evidence: true})
	for i, port := range []uint16{443, 80, 443} {
		e := event.Event{
			Schema: event.SchemaVersion, ID: uint64(i + 1), Dir: event.Sent, Cause: cause.LingerZero, Certainty: event.Exact, Summary: "nginx closed it",
			Family: event.IPv4, Hook: "tcp_send_active_reset", Via: event.Fentry, Local: event.Endpoint{Addr: netip.MustParseAddr("192.0.2.1"), Port: port},
			Owner: event.Owner{PID: 812, Comm: "nginx", Source: event.FromCurrent}, Conn: event.Conn{Known: true, LastReceivedMillis: uint64(i) * 1000},
		}
		must(t, sink.Event(&e))
		must(t, sink.Followup(&event.Followup{Event: e.ID, Kind: event.GotSIGPIPE, PID: 812}))
	}
	must(t, sink.Totals(&event.Totals{Counts: []event.Count{{Dir: event.Sent, Cause: cause.LingerZero, Events: 3}}, Shown: 3}))
	must(t, sink.Flush(time.Time{}))
	path = filepath.Join(t.TempDir(), "resets.jsonl")
	must(t, os.WriteFile(path, out.Bytes(), 0o600))
	return path, strings.SplitAfter(strings.TrimSuffix(out.String(), "\n"), "\n")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// withoutFindings takes out what read adds: a recording holds events, and the
// findings are made of them.
func withoutFindings(lines string) string {
	var rest strings.Builder
	for line := range strings.Lines(lines) {
		if !strings.Contains(line, `"kind":"finding"`) {
			rest.WriteString(strings.Replace(line, `"finding":1,`, "", 1))
		}
	}
	return rest.String()
}

// TestReadJSON: the lines are the same, byte for byte.
func TestReadJSON(t *testing.T) {
	path, lines := recorded(t)
	p := command(t, "read", path, "-o", "json", "--evidence")
	if code := p.finish(t); code != exitFine {
		t.Fatalf("exit code %d: %s", code, &p.stderr)
	}
	if got, want := withoutFindings(p.stdout.String()), strings.Join(lines, "")+"\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestReadFilters(t *testing.T) {
	path, lines := recorded(t)
	for args, want := range map[string][]int{
		"":                     {0, 1, 2, 3, 4, 5, 6},
		"--port 80":            {2, 3, 6},
		"--filter port=443":    {0, 1, 4, 5, 6},
		"--filter silence>1s":  {4, 5, 6},
		"--comm curl":          {6},
		"--direction received": {6},
		"--count 2":            {0, 1, 2},
	} {
		p := command(t, append([]string{"read", path, "-o", "json"}, strings.Fields(args)...)...)
		if code := p.finish(t); code != exitFine {
			t.Errorf("%s: exit code %d: %s", args, code, &p.stderr)
		}
		var wanted strings.Builder
		shown := 0
		for _, i := range want {
			line := strings.TrimSuffix(lines[i], "\n") + "\n"
			if strings.Contains(line, `"kind":"event"`) {
				shown++
			}
			wanted.WriteString(strings.Replace(line, `"shown":3,"notShown":0`, fmt.Sprintf(`"shown":%d,"notShown":%d`, shown, 3-shown), 1))
		}
		if got := withoutFindings(p.stdout.String()); got != wanted.String() {
			t.Errorf("%s: got\n%swant\n%s", args, got, &wanted)
		}
	}
}

// TestReadText: a recording is shown as a live trace is.
func TestReadText(t *testing.T) {
	path, _ := recorded(t)
	p := command(t, "read", path)
	if code := p.finish(t); code != exitFine {
		t.Fatalf("exit code %d: %s", code, &p.stderr)
	}
	for _, want := range []string{"nginx[812]", "linger-zero", "3 events: 3 shown"} {
		if !strings.Contains(p.stdout.String(), want) {
			t.Errorf("no %q in\n%s", want, &p.stdout)
		}
	}
}

// TestReadDamaged: a line that cannot be read is named, the others are shown, also
// those of the next file.
func TestReadDamaged(t *testing.T) {
	path, lines := recorded(t)
	damaged := filepath.Join(t.TempDir(), "damaged.jsonl.gz")
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, err := w.Write([]byte("starting\n" + lines[0] + lines[1][:40]))
	must(t, err)
	must(t, w.Close())
	must(t, os.WriteFile(damaged, compressed.Bytes(), 0o600))

	p := command(t, "read", damaged, path, "-o", "json")
	if code := p.finish(t); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{damaged + ":1: not a line of rsttrace", damaged + ":3: the last line is cut off", damaged + ": 2 lines were skipped"} {
		if !strings.Contains(p.stderr.String(), want) {
			t.Errorf("no %q in\n%s", want, &p.stderr)
		}
	}
	if got := strings.Count(withoutFindings(p.stdout.String()), "\n"); got != 1+len(lines) {
		t.Errorf("%d lines, want %d", got, 1+len(lines))
	}
}

func TestReadMissing(t *testing.T) {
	checkFailure(t, command(t, "read", "/no/such/file"), exitFailed, "there is no file /no/such/file")
	checkFailure(t, command(t, "read"), exitUsage, "name the files")
}

// TestFilterError: what is wrong, the filter, and a caret below the place.
func TestFilterError(t *testing.T) {
	for _, args := range [][]string{{"sent", "and", "prot", "443"}, {"sent and prot 443"}, {"read", "--filter", "sent and prot 443", os.DevNull}} {
		p := command(t, args...)
		if code := p.finish(t); code != exitUsage {
			t.Errorf("%q: exit code %d", args, code)
		}
		want := "rsttrace: filter: there is no field \"prot\": did you mean port?\n    sent and prot 443\n             ^^^^\n"
		if got := p.stderr.String(); got != want {
			t.Errorf("%q:\n%swant\n%s", args, got, want)
		}
	}
}

// TestExplainFilter needs no privileges: nothing is attached.
func TestExplainFilter(t *testing.T) {
	p := command(t, "--explain-filter", "--port", "443", "sent and not comm nginx")
	if code := p.finish(t); code != exitFine {
		t.Fatalf("exit code %d: %s", code, &p.stderr)
	}
	want := "sent            kernel\nnot comm nginx  rsttrace, once it knows the owner\nport 443        kernel\n"
	if got := p.stdout.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestFilterFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "filter")
	must(t, os.WriteFile(path, []byte("# our customers\nport 443\nand sent\n"), 0o600))
	p := command(t, "--explain-filter", "--filter-file", path)
	if code := p.finish(t); code != exitFine || !strings.HasPrefix(p.stdout.String(), "port 443") {
		t.Errorf("exit code %d, %s%s", code, &p.stdout, &p.stderr)
	}
	checkFailure(t, command(t, "--filter-file", path, "sent"), exitUsage, "leave one out")
}
