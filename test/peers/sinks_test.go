package peers

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// TestSettingsOfThePage: rsttrace takes every example.
func TestSettingsOfThePage(t *testing.T) {
	examples := 0
	for _, part := range strings.Split(logsPage(t), "\n```yaml\n")[1:] {
		settings, _, _ := strings.Cut(part, "\n```")
		path := filepath.Join(t.TempDir(), "rsttrace.yml")
		must(t, os.WriteFile(path, []byte(settings), 0o600))
		if output, err := exec.Command(rsttraceProgram, "serve", "--config", path, "--check").CombinedOutput(); err != nil {
			t.Errorf("%s\n%s", settings, output)
		}
		examples++
	}
	if examples < 3 {
		t.Errorf("%d examples", examples)
	}
}

// TestSinks: rsttrace serve writes the resets of the lab to a file, to journald and to
// VictoriaLogs at once. All three have the same ones.
func TestSinks(t *testing.T) {
	needPrograms(t, "logrotate")
	j, v := startJournald(t), startVictoriaLogs(t, t.TempDir())
	folder := t.TempDir()
	file := filepath.Join(folder, "resets.json")
	settings := filepath.Join(folder, "rsttrace.yml")
	must(t, os.WriteFile(settings, []byte(fmt.Sprintf(`
host-name: web-1
sinks:
  - {type: file, path: %s, size: 100M, keep: 5}
  - {type: journal}
  - {type: otlp, endpoint: "http://%s/insert/opentelemetry/v1/logs"}
`, file, v.address)), 0o600))
	p, address := j.serve(t, folder, settings)
	want := playClosedPort(t)
	p.await("has written the resets", func() bool { return len(numbersIn(t, file)) >= want })

	logrotate(t, file, p.cmd.Process.Pid)
	p.await("has opened the file again", func() bool {
		_, err := os.Stat(file)
		return err == nil
	})
	want = playClosedPort(t)
	p.await("writes into the new file", func() bool { return len(numbersIn(t, file)) >= want })
	_, metrics, err := fetch(t.Context(), "http://"+address+"/metrics")
	must(t, err)
	for _, line := range []string{"file", "journal", "otlp"} {
		if !regexp.MustCompile(`rsttrace_sink_[a-z_]*\{[^}]*sink="` + line + `"`).Match(metrics) {
			t.Errorf("/metrics has no sink %s", line)
		}
	}
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	await(t, "rsttrace ends", p.hasEnded)
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit status %d\n%s", code, p.output.String())
	}

	inFile := append(numbersIn(t, file+".1"), numbersIn(t, file)...)
	slices.Sort(inFile)
	j.awaitEntries("RSTTRACE_KIND=event", len(inFile))
	v.awaitCount("event_name:=tcp.reset host.name:=web-1", len(inFile))
	seen := map[int]bool{}
	for _, row := range v.query("event_name:=tcp.reset | fields rsttrace.id") {
		id, err := strconv.Atoi(row["rsttrace.id"])
		must(t, err)
		seen[id] = true
	}
	if diff := cmp.Diff(inFile, slices.Sorted(maps.Keys(seen))); diff != "" {
		t.Error(diff)
	}
}

// logrotate moves a file away as the page says, and sends SIGHUP to a process.
func logrotate(t *testing.T, file string, pid int) {
	t.Helper()
	text, _, _ := strings.Cut(block(t, "/var/log/rsttrace/resets.jsonl {"), "\n```")
	text = strings.ReplaceAll(text, "/var/log/rsttrace/resets.jsonl", file)
	const signal = "systemctl kill --signal=HUP rsttrace.service"
	if !strings.Contains(text, signal) {
		t.Fatalf("the page does not have %q", signal)
	}
	text = strings.ReplaceAll(text, signal, fmt.Sprint("kill -HUP ", pid))
	settings := filepath.Join(t.TempDir(), "logrotate.conf")
	must(t, os.WriteFile(settings, []byte(text+"\n"), 0o600))
	program, err := find("logrotate")
	must(t, err)
	if output, err := exec.Command(program, "--force", "--state", settings+".state", settings).CombinedOutput(); err != nil || len(output) > 0 {
		t.Fatalf("logrotate: %v\n%s", err, output)
	}
	if _, err := os.Stat(file + ".1"); err != nil {
		t.Fatal(err)
	}
}

// serve runs rsttrace serve where this journald is the journal.
func (j *journald) serve(t *testing.T, folder, settings string) (p *program, address string) {
	t.Helper()
	nsenter, err := find("nsenter")
	must(t, err)
	ready := filepath.Join(folder, "ready")
	for range attempts {
		address = freeAddress(t)
		p = startPath(t, nsenter, "--mount", "--target", strconv.Itoa(j.cmd.Process.Pid), rsttraceProgram, "serve",
			"--config", settings, "--web.listen-address", address, "--ready-file", ready)
		attached := false
		await(t, "rsttrace serve attaches", func() bool {
			text, err := os.ReadFile(ready)
			attached = err == nil && len(text) > 0
			return attached || p.hasEnded()
		})
		if attached {
			return p, address
		}
		if said := p.output.String(); !strings.Contains(said, "address already in use") {
			t.Fatalf("rsttrace serve has ended: %s\n%s", p.cmd.ProcessState, said)
		}
	}
	t.Fatal("somebody else takes each port that is free")
	return nil, ""
}

// playClosedPort provokes resets, and returns how many.
func playClosedPort(t *testing.T) int {
	t.Helper()
	scenario, found := lab.Find("closed-port")
	if !found {
		t.Fatal("the lab has no scenario closed-port")
	}
	outcome, err := lab.Run(t.Context(), scenario, event.IPv4, lab.Options{})
	must(t, err)
	return len(outcome.Expect)
}

// numbersIn are those of the events in a file.
func numbersIn(t *testing.T, path string) (ids []int) {
	t.Helper()
	for _, e := range linesOf(t, path).events {
		ids = append(ids, int(e.ID))
	}
	return ids
}

// linesOf reads a file that is being written: the last line may not be whole.
func linesOf(t *testing.T, path string) *stream {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	s := &stream{}
	reader := event.Reader{Name: path, Input: bytes.NewReader(text[:bytes.LastIndexByte(text, '\n')+1])}
	must(t, reader.Run(t.Context(), s))
	return s
}
