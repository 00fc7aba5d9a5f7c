package peers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/test/peers/fleetplay"
)

// fleetMachine is a virtual machine with one kernel of test/vm.
type fleetMachine struct {
	name, kernel string
	roles        []fleetplay.Role
	ahead        time.Duration // of its clock
	links        []string      // ends of cables: own:other
	out          string        // folder with what it has written
	*program
}

// machinesFleet is some of these, with a router between.
type machinesFleet struct {
	t          *testing.T
	machines   []*fleetMachine
	clockError time.Duration // of the join
	rounds     int
	*fleetHost
	store  *clickHouse // nil: the engine is missing
	missed string      // what a machine has missed, "": nothing
}

// TestMachinesTwo: the client and the router are one machine, in two network namespaces. The
// clocks of both machines differ by nearly a second.
func TestMachinesTwo(t *testing.T) {
	f := &machinesFleet{t: t, clockError: 2 * time.Second, rounds: 3, machines: []*fleetMachine{
		{name: "edge", kernel: "6.12", roles: []fleetplay.Role{fleetplay.Client, fleetplay.Router}, links: []string{"edge:server"}},
		{name: "server", kernel: "7.3", roles: []fleetplay.Role{fleetplay.Server}, links: []string{"server:edge"}, ahead: 900 * time.Millisecond},
	}}
	f.test()
}

// TestMachinesThree: each role is a machine with another kernel. The clock of the router is
// wrong by seconds.
func TestMachinesThree(t *testing.T) {
	f := &machinesFleet{t: t, clockError: 8 * time.Second, rounds: 5, machines: []*fleetMachine{
		{name: "client", kernel: "6.1", roles: []fleetplay.Role{fleetplay.Client}, links: []string{"client:inner"}},
		{name: "router", kernel: "6.12", roles: []fleetplay.Role{fleetplay.Router}, links: []string{"inner:client", "outer:server"}, ahead: 5 * time.Second},
		{name: "server", kernel: "7.3", roles: []fleetplay.Role{fleetplay.Server}, links: []string{"server:outer"}, ahead: 900 * time.Millisecond},
	}}
	f.test()
}

// runsMost is how often a fleet plays at most, until no kernel has missed an event.
const runsMost = 3

// test has the fleet play, and compares all that is said of it with what was played.
//
// A kernel skips a probe that interrupts itself. This is rare, but not on a machine that is
// emulated on a busy host. The machine says so, and then less can be claimed. So the fleet
// plays again.
func (f *machinesFleet) test() {
	for n := 1; ; n++ {
		f.run()
		if f.missed = f.missing(); f.missed == "" || n == runsMost {
			break
		}
		f.t.Logf("run %d: %s", n, f.missed)
	}
	f.t.Run("plays", f.testPlays)
	f.t.Run("join", f.testJoin)
	f.t.Run("clocks", f.testClocks)
	f.t.Run("without proof", f.testWithoutProof)
	f.t.Run("store", f.testStore)
}

// missing says which machine says that it has missed something, "" if none does.
func (f *machinesFleet) missing() string {
	all, _ := f.join(f.t, f.files()...)
	for _, c := range all.coverage {
		if c.Lost > 0 || c.Missed > 0 || c.HeldBack {
			return fmt.Sprintf("%s has missed %d events and lost %d", c.HostName, c.Missed, c.Lost)
		}
	}
	return ""
}

// run starts all machines, and returns once they have ended.
func (f *machinesFleet) run() {
	t := f.t
	t.Helper()
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		t.Skip("needs qemu-system-x86_64: make vm-fleet installs it")
	}
	f.fleetHost, f.store = startFleetHost(t), startFleetStore(t)
	guest := filepath.Join(t.TempDir(), "fleetguest")
	build := exec.Command("go", "build", "-o", guest, "./fleetguest")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	run, err := filepath.Abs("../vm/run")
	must(t, err)
	sockets, password := t.TempDir(), filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(password, []byte(clickHousePassword), 0o600))
	for i, m := range f.machines {
		m.out = f.folder(m.name)
		args := []string{m.kernel, "--timeout", "900", "--out", m.out, "--host-net", "--with", rsttraceProgram + ":/bin/rsttrace", "--with", guest + ":/bin/fleetguest", "--with", password + ":/password"}
		for _, link := range m.links {
			mine, other, _ := strings.Cut(link, ":")
			args = append(args, "--link", filepath.Join(sockets, mine)+":"+filepath.Join(sockets, other))
		}
		args = append(args, "--", "fleetguest", "-name", m.name, "-number", fmt.Sprint(i+1), "-machines", fmt.Sprint(len(f.machines)), "-roles", rolesOf(m),
			"-rounds", fmt.Sprint(f.rounds), "-ahead", m.ahead.String(), "-quiet", f.quiet().String(), "-host", inGuest(f.url))
		if f.store != nil {
			args = append(args, "-store", inGuest(f.store.address))
		}
		m.program = startPath(t, run, args...)
	}
	f.awaitEnd()
}

// quiet is how long nothing is played at the beginning and at the end: so long that each
// machine is covered then, by whichever clock.
func (f *machinesFleet) quiet() time.Duration {
	first, last := f.machines[0].ahead, f.machines[0].ahead
	for _, m := range f.machines {
		first, last = min(first, m.ahead), max(last, m.ahead)
	}
	return f.clockError + last - first + 500*time.Millisecond
}

// awaitEnd waits for all machines. If one fails, the others wait in vain.
func (f *machinesFleet) awaitEnd() {
	const most = 15 * time.Minute
	left := len(f.machines)
	for deadline := time.Now().Add(most); left > 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Fatalf("%d machines still run after %s", left, most)
		}
		left = 0
		for _, m := range f.machines {
			switch {
			case !m.hasEnded():
				left++
			case m.cmd.ProcessState.ExitCode() != 0:
				f.t.Fatalf("%s has failed: %s", m.name, m.cmd.ProcessState)
			}
		}
	}
}

func rolesOf(m *fleetMachine) string {
	var names []string
	for _, r := range m.roles {
		names = append(names, string(r))
	}
	return strings.Join(names, ",")
}

// inGuest is a URL of loopback as a guest has it.
func inGuest(url string) string { return strings.Replace(url, "127.0.0.1", "10.0.2.2", 1) }

// of is the machine with a role.
func (f *machinesFleet) of(role fleetplay.Role) string {
	for _, m := range f.machines {
		for _, r := range m.roles {
			if r == role {
				return m.name
			}
		}
	}
	f.t.Fatalf("no machine is the %s", role)
	return ""
}

// folder is where a machine leaves its files: if RSTTRACE_FLEET_FOLDER is set, they stay there.
func (f *machinesFleet) folder(name string) string {
	if kept := os.Getenv("RSTTRACE_FLEET_FOLDER"); kept != "" {
		return filepath.Join(kept, f.t.Name(), name)
	}
	return filepath.Join(f.t.TempDir(), name)
}
