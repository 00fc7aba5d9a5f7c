package peers

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/test/peers/fleetplay"
)

// startFleetStore starts ClickHouse for a fleet, or returns nil if the engine is missing: the
// rest is tested without.
func startFleetStore(t *testing.T) *clickHouse {
	t.Helper()
	if _, err := os.Stat(filepath.Join(os.Getenv(enginesVariable), "node_modules/chdb")); os.Getenv(enginesVariable) == "" || err != nil {
		return nil
	}
	c := startClickHouse(t)
	c.run("schema.sql", "")
	c.run("fleet-schema.sql", "")
	return c
}

// testStore: the store, to which all machines wrote meanwhile, has all lines. Its views have
// the pairs that were played, and those RSTs that nobody sent.
func (f *machinesFleet) testStore(t *testing.T) {
	if f.store == nil {
		t.Skip("needs node_modules/chdb: make vm-fleet fetches it")
	}
	lines := 0
	for _, path := range f.files() {
		lines += strings.Count(read(t, path), "\n")
	}
	if got := f.store.number("SELECT count() FROM rsttrace.lines"); got != fmt.Sprint(lines) {
		t.Errorf("the store has %s lines, and the files have %d", got, lines)
	}
	var due, forged []string
	for _, c := range f.conns() {
		for _, r := range f.resets(c) {
			switch {
			case r.from != nil && r.to != nil && f.inStore(r.from.machine, r.to.machine):
				due = append(due, fmt.Sprintf("%s %s %s > %s: %s %s %s > %s", r.from.machine, r.fromCause, r.from.local, r.from.peer, r.to.machine, r.toCause, r.to.peer, r.to.local))
			case r.alone == nobodySent:
				forged = append(forged, fmt.Sprintf("%s %s %s > %s", r.to.machine, r.toCause, r.to.peer, r.to.local))
			}
		}
	}
	var pairs, nobody []string
	for _, row := range f.store.ask("SELECT * FROM rsttrace.pairs") {
		if sent, got := fmt.Sprint(row["sent_host"]), fmt.Sprint(row["got_host"]); f.inStore(sent, got) {
			pairs = append(pairs, fmt.Sprintf("%s %s %s: %s %s %s", sent, row["sent_cause"], wayOf(row, "sent_from", "sent_to"), got, row["got_cause"], wayOf(row, "got_from", "got_to")))
		}
	}
	for _, row := range f.store.ask("SELECT * FROM rsttrace.nobody_sent(begin = now() - INTERVAL 1 DAY, end = now() + INTERVAL 1 MINUTE)") {
		if f.mayClaim(fmt.Sprint(row["host"])) {
			nobody = append(nobody, fmt.Sprintf("%s %s %s", row["host"], row["cause"], wayOf(row, "from", "to")))
		}
	}
	pairs, nobody = f.certain(pairs), f.certain(nobody)
	compareLines(t, "the view of pairs", f.known(t, f.certain(due), pairs), pairs)
	compareLines(t, "the view of what nobody sent", f.known(t, f.certain(forged), nobody), nobody)
	some(t, len(pairs))
	t.Logf("%d lines, %d pairs, %d RSTs that nobody sent", lines, len(pairs), len(nobody))
}

// storeClockError is by how much clocks may differ for the views of fleet-schema.sql.
const storeClockError = 2 * time.Second

// inStore says that two machines are different ones, whose clocks differ so little that the
// store finds a pair.
func (f *machinesFleet) inStore(a, b string) bool {
	return a != b && (f.machine(a).ahead-f.machine(b).ahead).Abs() < storeClockError
}

// mayClaim says that the clock of a machine is right enough for the store.
func (f *machinesFleet) mayClaim(name string) bool {
	return !slices.ContainsFunc(f.machines, func(m *fleetMachine) bool {
		return m.name != name && !f.inStore(name, m.name) && name == f.of(fleetplay.Router)
	})
}

// wayOf is the way of a RST, from the columns of a row.
func wayOf(row map[string]any, from, to string) string {
	end := func(column string) string {
		address, err := netip.ParseAddr(fmt.Sprint(row[column]))
		if err != nil {
			return fmt.Sprint(row[column])
		}
		port, _ := row[column+"_port"].(float64)
		return netip.AddrPortFrom(address.Unmap(), uint16(port)).String()
	}
	return end(from) + " > " + end(to)
}
