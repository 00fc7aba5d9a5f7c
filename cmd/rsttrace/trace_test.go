package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/netnsname"
)

// object is a line of -o json.
type object = map[string]any

// eventFields are in every event.
var eventFields = []string{
	"schema", "time", "kind", "id", "dir", "cause", "summary", "certainty", "family", "local", "peer", "hook", "via",
}

// decodeLines reads JSON lines: the events, and the totals that must come last.
func decodeLines(t *testing.T, text string) (events []object, totals object) {
	t.Helper()
	for _, line := range lines(text) {
		if totals != nil {
			t.Errorf("after the totals: %s", line)
		}
		var o object
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		checkEveryLine(t, o, line)
		switch o["kind"] {
		case "counts":
			totals = o
			continue
		case "finding", "coverage":
			continue
		}
		for _, field := range eventFields {
			if o[field] == nil {
				t.Errorf("an event has no %s: %s", field, line)
			}
		}
		events = append(events, o)
	}
	return events, totals
}

// firstEvent is the line of the first event.
func firstEvent(t *testing.T, text string) string {
	t.Helper()
	for _, line := range lines(text) {
		if strings.Contains(line, `"kind":"event"`) {
			return line
		}
	}
	t.Fatalf("no event in %s", text)
	return ""
}

// checkEveryLine wants what lines of every kind have.
func checkEveryLine(t *testing.T, o object, line string) {
	t.Helper()
	for _, field := range []string{"schema", "time", "kind"} {
		if o[field] == nil {
			t.Errorf("a line has no %s: %s", field, line)
		}
	}
	text, _ := o["time"].(string)
	if at, err := time.Parse(time.RFC3339Nano, text); err != nil || time.Since(at).Abs() > time.Hour {
		t.Errorf("a line has no time of this run: %s", line)
	}
}

// checkRefused wants one event, a refused connect of this process, and totals.
func checkRefused(t *testing.T, p *process) {
	t.Helper()
	events, totals := decodeLines(t, p.stdout.String())
	// On a busy machine the kernel's word on the error comes after the event.
	events = slices.DeleteFunc(events, func(line map[string]any) bool { return line["kind"] != "event" })
	if len(events) != 1 || events[0]["cause"] != "refused" || events[0]["dir"] != "received" {
		t.Fatalf("events: %v", events)
	}
	if owner, ok := events[0]["owner"].(map[string]any); !ok || owner["pid"] != float64(os.Getpid()) {
		t.Errorf("owner %v, want pid %d", owner, os.Getpid())
	}
	if totals["shown"] != float64(1) || totals["lostEvents"] != float64(0) {
		t.Errorf("totals: %v", totals)
	}
}

// received shows a test the resets that it receives itself, as JSON.
func received(address string, more ...string) []string {
	return append([]string{"--host", address, "--direction", "received", "-o", "json"}, more...)
}

func TestCount(t *testing.T) {
	address := ownAddress()
	p := start(t, received(address, "--count", "1")...)
	refuse(t, address)
	if code := p.wait(t); code != exitFine {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
	checkRefused(t, p)
}

// TestNetns: resets of the namespace that was asked for, and of no other.
func TestNetns(t *testing.T) {
	needRoot(t)
	elsewhere, err := netns.New("elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	address := ownAddress()
	p := start(t, received(address, "--netns", "own", "--count", "1")...)
	if err := elsewhere.Do(func() error { return dial(address) }); !errors.Is(err, unix.ECONNREFUSED) {
		t.Fatalf("connect elsewhere: %v", err)
	}
	refuse(t, address)
	if code := p.wait(t); code != exitFine {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
	own, err := netnsname.Resolve("own")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf(`"netns":{"inode":%d`, own); !strings.Contains(firstEvent(t, p.stdout.String()), want) {
		t.Errorf("want %s in %s", want, p.stdout.String())
	}
}

// TestCgroup: resets of the control group that was asked for, and of no other. A
// name that is nearly right is answered with the right one.
func TestCgroup(t *testing.T) {
	needRoot(t)
	const top = "/sys/fs/cgroup"
	var file unix.Statfs_t
	mount := top
	if err := unix.Statfs(mount, &file); err != nil || file.Type != unix.CGROUP2_SUPER_MAGIC {
		mount = top + "/unified"
	}
	name := fmt.Sprintf("rsttrace-command-%d.slice", os.Getpid())
	group := filepath.Join(mount, name)
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Skipf("no control group can be made here: %v", err)
	}
	t.Cleanup(func() {
		if err := os.Remove(group); err != nil {
			t.Error(err)
		}
	})
	near := strings.Replace(name, "command", "comand", 1)
	checkFailure(t, command(t, "--cgroup", near), exitUsage, "did you mean /"+name+"?", "rsttrace --help")
	t.Run("unit that is not here", func(t *testing.T) {
		p := start(t, "--unit", near, "--duration", "10ms")
		want := fmt.Sprintf("there is no unit %q now: did you mean %s?", near, name)
		if code := p.wait(t); code != exitFine || !strings.Contains(p.stderr.String(), want) {
			t.Errorf("exit code %d, want %s in: %s", code, want, &p.stderr)
		}
	})
	for _, args := range [][]string{{"--cgroup", group}, {"--cgroup", name}, {"--unit", name}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			address := ownAddress()
			p := start(t, received(address, append(args, "--count", "1")...)...)
			refuse(t, address) // not in the group
			inGroup(t, group, func() { refuse(t, address) })
			if code := p.wait(t); code != exitFine {
				t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
			}
			checkRefused(t, p)
			if want := `"cgroup":"/` + name + `"`; !strings.Contains(firstEvent(t, p.stdout.String()), want) {
				t.Errorf("want %s in %s", want, p.stdout.String())
			}
		})
	}
}

// inGroup runs a function while this process is in a control group.
func inGroup(t *testing.T, group string, run func()) {
	t.Helper()
	move := func(to string) {
		if err := os.WriteFile(filepath.Join(to, "cgroup.procs"), []byte("0"), 0); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	_, own, found := strings.Cut(string(lines), "0::")
	if !found {
		t.Skip("this process is in no cgroup of version 2")
	}
	own, _, _ = strings.Cut(own, "\n")
	move(group)
	defer move(filepath.Join(filepath.Dir(group), own))
	run()
}

func TestDuration(t *testing.T) {
	needRoot(t)
	p := command(t, received(ownAddress(), "--duration", "200ms")...)
	if code := p.finish(t); code != exitFine {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
	events, totals := decodeLines(t, p.stdout.String())
	if len(events) != 0 || totals["shown"] != float64(0) {
		t.Errorf("events %v, totals %v", events, totals)
	}
}

// TestEach: single events are there for those who want them.
func TestEach(t *testing.T) {
	address := ownAddress()
	p := start(t, "--host", address, "--direction", "received", "--count", "1", "--each")
	refuse(t, address)
	if code := p.wait(t); code != exitFine {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
	first, _, _ := strings.Cut(p.stdout.String(), "\n")
	if !strings.Contains(first, " RECEIVED ") || !strings.Contains(first, "ECONNREFUSED") {
		t.Errorf("stdout:\n%s", &p.stdout)
	}
}

func TestSignals(t *testing.T) {
	for _, signal := range []syscall.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP} {
		t.Run(unix.SignalName(signal), func(t *testing.T) {
			address := ownAddress()
			p := start(t, received(address)...)
			refuse(t, address)
			if err := p.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if code := p.wait(t); code != exitFine {
				t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
			}
			checkRefused(t, p)
		})
	}
}

// TestTextTotals: also people get the totals at the end.
func TestTextTotals(t *testing.T) {
	address := ownAddress()
	p := start(t, "--host", address, "--direction", "received", "--count", "1")
	refuse(t, address)
	if code := p.wait(t); code != exitFine {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
	text := p.stdout.String()
	first, rest, _ := strings.Cut(text, "\n")
	if !strings.Contains(first, " #1 refused-elsewhere ") || !strings.Contains(rest, "ECONNREFUSED") || !strings.Contains(rest, "\nreceived   refused ") {
		t.Errorf("stdout:\n%s", text)
	}
	if strings.Contains(text, "\x1b") {
		t.Errorf("colours in a pipe: %q", text)
	}
}

// TestClosedPipe: the reader goes away, as head does. That is an end, and no
// fault.
func TestClosedPipe(t *testing.T) {
	address := ownAddress()
	p := command(t, received(address)...)
	p.Stdout = nil
	output, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.startAndAwait(t)
	refuse(t, address)
	if _, err := io.ReadAtLeast(output, make([]byte, 1), 1); err != nil {
		t.Fatal(err)
	}
	output.Close()
	refuse(t, address)
	if code := p.wait(t); code != exitFine {
		t.Errorf("exit code %d", code)
	}
	if strings.Contains(p.stderr.String(), "pipe") {
		t.Errorf("stderr: %s", &p.stderr)
	}
}

// TestTwoAtOnce: each sees everything, as if it were alone.
func TestTwoAtOnce(t *testing.T) {
	address := ownAddress()
	one := start(t, received(address, "--count", "1")...)
	two := start(t, received(address, "--count", "1")...)
	refuse(t, address)
	for _, p := range []*process{one, two} {
		if code := p.wait(t); code != exitFine {
			t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
		}
		checkRefused(t, p)
	}
}

// TestTop: the tables count what is not shown, too, and say who it was.
func TestTop(t *testing.T) {
	address := ownAddress()
	p := start(t, received(address, "--summary", "--top", "1000")...)
	const connects = 5
	for range connects {
		refuse(t, address)
	}
	if err := p.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(t); code != exitFine {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
	events, totals := decodeLines(t, p.stdout.String())
	if len(events) != 0 || totals["top"] == nil {
		t.Fatalf("events %v, totals %v", events, totals)
	}
	var counted float64
	for _, cause := range totals["causes"].([]any) {
		counted += cause.(object)["events"].(float64)
	}
	for name, table := range totals["top"].(object) {
		table := table.(object)
		sum := table["unlisted"].(float64) + table["displaced"].(float64)
		for _, row := range table["rows"].([]any) {
			sum += row.(object)["events"].(float64)
		}
		if sum != counted {
			t.Errorf("%v events in the table of %s, %v were counted", sum, name, counted)
		}
	}
	of := func(table string, want func(row object) bool) (sum float64) {
		for _, row := range totals["top"].(object)[table].(object)["rows"].([]any) {
			if row := row.(object); row["dir"] == "received" && row["cause"] == "refused" && want(row) {
				sum += row["events"].(float64)
			}
		}
		return sum
	}
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	got := of("peers", func(row object) bool { return row["peer"].(object)["addr"] == address })
	if got != connects {
		t.Errorf("%v resets from %s, want %d: %v", got, address, connects, totals)
	}
	got = of("owners", func(row object) bool {
		owner, known := row["owner"].(object)
		return known && owner["comm"] == strings.TrimSpace(string(comm))
	})
	if got < connects { // other tests may run under that name
		t.Errorf("%v resets of %s, want %d: %v", got, comm, connects, totals)
	}
	if got = of("ports", func(row object) bool { return row["local"] == nil }); got < connects {
		t.Errorf("%v resets without a port, want %d: %v", got, connects, totals)
	}
}
