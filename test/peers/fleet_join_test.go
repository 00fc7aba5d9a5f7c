package peers

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/test/peers/fleetplay"
)

// files are what the machines have written.
func (f *machinesFleet) files() (paths []string) {
	for _, m := range f.machines {
		paths = append(paths, m.out+"/resets.jsonl")
	}
	return paths
}

// join runs rsttrace join.
func (f *machinesFleet) join(t *testing.T, paths ...string) (s *stream, stderr string) {
	t.Helper()
	args := append([]string{"join", "-o", "json", "--clocks", "--clock-error", f.clockError.String()}, paths...)
	var errors strings.Builder
	cmd := exec.Command(rsttraceProgram, args...)
	cmd.Stderr = &errors
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("rsttrace join: %v: %s", err, &errors)
	}
	s = &stream{}
	reader := event.Reader{Name: "join", Input: strings.NewReader(string(text))}
	must(t, reader.Run(t.Context(), s))
	return s, errors.String()
}

// compareLines reports lines that are missing, and those that should not be there.
func compareLines(t *testing.T, what string, want, got []string) {
	t.Helper()
	left := slices.Clone(got)
	for _, line := range want {
		if i := slices.Index(left, line); i >= 0 {
			left = slices.Delete(left, i, i+1)
		} else {
			t.Errorf("%s lacks: %s", what, line)
		}
	}
	for _, line := range left {
		t.Errorf("%s has: %s", what, line)
	}
}

// testPlays: all that should be played was, and programs got what they should. So the truth
// is one.
func (f *machinesFleet) testPlays(t *testing.T) {
	conns := f.conns()
	if want := len(fleetplay.Plays) * f.rounds; len(conns) != want {
		t.Errorf("%d connections, want %d", len(conns), want)
	}
	repeated := 0
	for _, c := range conns {
		if c.repeated {
			repeated++
		}
		dial, take := "", ""
		switch c.play.Act {
		case fleetplay.CloseInOrder:
			take = "EOF"
		case fleetplay.AcceptAborts, fleetplay.AcceptUnread, fleetplay.ForgeToDial:
			dial = "ECONNRESET"
		case fleetplay.DialAborts:
			take = "ECONNRESET"
		case fleetplay.ForgeToTake:
			dial, take = "ECONNRESET", "ECONNRESET"
		case fleetplay.Refuse:
			dial = "ECONNREFUSED"
		}
		if c.play.Silent() {
			dial, take = "", ""
		}
		if c.dialGot != dial || c.takeGot != take {
			t.Errorf("%s, %s: got %q and %q, want %q and %q", c.play.Name, c.dial.local, c.dialGot, c.takeGot, dial, take)
		}
		if !c.play.IPv6 && c.play.From == fleetplay.Client && c.play.To == fleetplay.Server && c.play.Rule != fleetplay.Rejects &&
			c.take.peer.Addr() != fleetplay.OuterPrefix.Addr() {
			t.Errorf("%s: the server has %s for the client: it was not translated", c.play.Name, c.take.peer)
		}
	}
	if repeated > len(conns)/4 {
		t.Errorf("%d of %d connections took so long that nothing is known of their RSTs", repeated, len(conns))
	}
}

// testJoin: the join says of each end what was played, and nothing else.
func (f *machinesFleet) testJoin(t *testing.T) {
	s, stderr := f.join(t, f.files()...)
	t.Log(stderr)
	got := f.certain(said(s))
	compareLines(t, "the join", f.known(t, f.certain(f.due()), got), got)
}

// known are the lines of those that are due which can be there. All can, unless a machine has
// missed something in each run: then an end may be missing, and the other one not seen.
func (f *machinesFleet) known(t *testing.T, due, got []string) (lines []string) {
	if f.missed == "" {
		return due
	}
	for _, line := range due {
		this, _, _ := strings.Cut(line, ": ")
		less := this + ": " + notSeen
		switch {
		case slices.Contains(got, line):
			lines = append(lines, line)
		case slices.Contains(got, less):
			lines = append(lines, less)
		default:
			t.Logf("%s, and so this is missing: %s", f.missed, line)
		}
	}
	return lines
}

var clockLine = regexp.MustCompile(`clocks: (\S+) is (\S+) ahead of (\S+), ± (\S+)`)

// testClocks: what the join infers of clocks agrees with what the machines have measured, and
// with how they were set.
func (f *machinesFleet) testClocks(t *testing.T) {
	_, stderr := f.join(t, f.files()...)
	found := clockLine.FindAllStringSubmatch(stderr, -1)
	if want := len(f.machines) * (len(f.machines) - 1) / 2; len(found) != want {
		t.Errorf("clocks of %d pairs of machines, want %d: %s", len(found), want, stderr)
	}
	for _, m := range found {
		ahead, err := time.ParseDuration(m[2])
		must(t, err)
		within, err := time.ParseDuration(m[4])
		must(t, err)
		least, most := f.ahead(m[3], m[1])
		t.Logf("%s is ahead of %s by %s to %s, the join says %s ± %s", m[1], m[3], least, most, ahead, within)
		if ahead+within < least || ahead-within > most {
			t.Errorf("%s is ahead of %s by %s to %s, and the join says %s ± %s", m[1], m[3], least, most, ahead, within)
		}
		const nearly = 300 * time.Millisecond // what setting and measuring takes on a busy host
		if set := f.machine(m[1]).ahead - f.machine(m[3]).ahead; (ahead-set).Abs() > nearly || within > nearly {
			t.Errorf("the clock of %s was set %s ahead of that of %s, and the join says %s ± %s", m[1], set, m[3], ahead, within)
		}
	}
}

func (f *machinesFleet) machine(name string) *fleetMachine {
	i := slices.IndexFunc(f.machines, func(m *fleetMachine) bool { return m.name == name })
	if i < 0 {
		f.t.Fatalf("no machine is called %s", name)
	}
	return f.machines[i]
}

// claim is what a join says if it has one end only.
type claim struct {
	would  string // the machine that would have the other end
	sender string // the machine that did send it, "": a forger
}

// claimed are the lines that may claim that there is no other end.
func (f *machinesFleet) claimed() map[string]claim {
	claims := map[string]claim{}
	for _, c := range f.conns() {
		for _, r := range f.resets(c) {
			switch {
			case r.from != nil && r.to != nil:
				claims[endLine(*r.to, event.Received, r.toCause, nobodySent)] = claim{r.from.machine, r.from.machine}
			case r.alone == nobodySent && r.to.machine == f.of(fleetplay.Server): // by the address of the router
				claims[f.lines(&r)[0]] = claim{would: f.of(fleetplay.Router)}
			case r.alone == nobodySent || r.alone == neverArrived:
				claims[f.lines(&r)[0]] = claim{would: f.of(fleetplay.Server)}
			}
		}
	}
	return claims
}

// testWithoutProof: nothing is claimed of a machine whose file is missing, that does not say
// what it sees, or that has lost an event.
func (f *machinesFleet) testWithoutProof(t *testing.T) {
	claimed := f.claimed()
	for i, m := range f.machines {
		for about, change := range map[string]func(map[string]any) bool{
			"its file is missing":            nil,
			"it does not say what it sees":   func(line map[string]any) bool { return line["kind"] != "coverage" },
			"it looked for other directions": func(line map[string]any) bool { line["dirs"] = []string{"observed"}; return true },
			"it lost an event": func(line map[string]any) bool {
				if line["kind"] == "coverage" {
					line["lostEvents"] = 1
				}
				return true
			},
		} {
			files := f.files()
			if change == nil {
				files = slices.Delete(files, i, i+1)
			} else {
				files[i] = changed(t, files[i], change)
			}
			s, _ := f.join(t, files...)
			for _, line := range said(s) {
				c, due := claimed[line]
				isClaim := strings.HasSuffix(line, nobodySent) || strings.HasSuffix(line, neverArrived)
				right := due && c.sender == "" && c.would != m.name
				// It is right of what a machine has sent whose file is missing: it is not traced then.
				right = right || due && c.sender == m.name && change == nil
				if isClaim && !right {
					t.Errorf("%s: %s, and the join says: %s", m.name, about, line)
				}
			}
		}
	}
}

// changed is a file with other lines. Those for which change is false are left out.
func changed(t *testing.T, path string, change func(line map[string]any) bool) string {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	var out []byte
	for line := range strings.Lines(string(text)) {
		var fields map[string]any
		decoder := json.NewDecoder(strings.NewReader(line))
		decoder.UseNumber()
		must(t, decoder.Decode(&fields))
		if !change(fields) {
			continue
		}
		encoded, err := json.Marshal(fields)
		must(t, err)
		out = append(append(out, encoded...), '\n')
	}
	changed := filepath.Join(t.TempDir(), filepath.Base(filepath.Dir(path))+".jsonl")
	must(t, os.WriteFile(changed, out, 0o600))
	return changed
}
