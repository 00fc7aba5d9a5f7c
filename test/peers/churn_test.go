package peers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestChurn: hundreds of namespaces and control groups come and go, each with a reset. Each
// reset has the name of its group, and nothing of those that are gone stays in rsttrace: no
// descriptor, no series above the limit, no memory without bound.
func TestChurn(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	groups := groupsFolder(t)
	const (
		warmUp, all = 50, 400
		owners      = 60
		firstPort   = 20_000
	)
	file := filepath.Join(t.TempDir(), "resets.json")
	s := startServe(t, "--max-rate", "0", "--metrics.owners", strconv.Itoa(owners), "--sink", "type: file, path: "+file)
	refusedAt := func() map[uint16]*event.Event {
		found := make(map[uint16]*event.Event)
		for _, e := range linesOf(t, file).events {
			if e.Dir == event.Received && strings.HasPrefix(e.Owner.Unit, "churn-") {
				found[e.Peer.Port] = e
			}
		}
		return found
	}
	come := func(from, to int) {
		for i := from; i < to; i++ {
			refusedInGroup(t, filepath.Join(groups, fmt.Sprintf("churn-%d.service", i)), firstPort+i)
		}
		s.await("has written them", func() bool { return len(refusedAt()) >= to })
		_, _, err := fetch(t.Context(), "http://"+s.at+"/metrics")
		must(t, err)
	}
	come(0, warmUp)
	before := descriptors(t, s.cmd.Process.Pid)
	come(warmUp, all)

	spaces := make(map[uint32]bool)
	for port, e := range refusedAt() {
		if want := fmt.Sprintf("churn-%d.service", int(port)-firstPort); e.Owner.Unit != want {
			t.Errorf("the unit of the reset at port %d is %s, want %s", port, e.Owner.Unit, want)
		}
		spaces[e.Netns.Inode] = true
	}
	if len(spaces) < 2 {
		t.Errorf("the resets were in %d namespaces", len(spaces))
	}
	const some = 5 // connections of scrapes
	if now := descriptors(t, s.cmd.Process.Pid); now > before+some {
		t.Errorf("%d descriptors are open, and %d before", now, before)
	}
	_, metrics, err := fetch(t.Context(), "http://"+s.at+"/metrics")
	must(t, err)
	series := regexp.MustCompile(`(?m)^rsttrace_owner_resets_total\{`).FindAll(metrics, -1)
	const others = 10 // owner="other", by direction and cause
	if len(series) > owners+others {
		t.Errorf("%d series by owner, want %d at most", len(series), owners)
	}
	const enough = 24 << 10 // kB
	if kilobytes := anonymous(t, s.cmd.Process.Pid); kilobytes > enough {
		t.Errorf("it has %d kB of memory of its own", kilobytes)
	}
}

// groupsFolder is a control group of the test's own, below the root of version 2.
func groupsFolder(t *testing.T) string {
	t.Helper()
	for _, mount := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		if _, err := os.Stat(filepath.Join(mount, "cgroup.controllers")); err != nil {
			continue
		}
		folder := filepath.Join(mount, fmt.Sprintf("rsttrace-churn-%d", os.Getpid()))
		must(t, os.Mkdir(folder, 0o755))
		t.Cleanup(func() {
			if err := os.Remove(folder); err != nil {
				t.Error(err)
			}
		})
		return folder
	}
	t.Skip("needs control groups of version 2")
	return ""
}

// refusedInGroup runs a process in a namespace and a control group of its own. Its connection
// is refused, and then both are gone.
func refusedInGroup(t *testing.T, group string, port int) {
	t.Helper()
	must(t, os.Mkdir(group, 0o755))
	const script = `echo $$ >"$0/cgroup.procs"; ip link set lo up; ! : 2>/dev/null <>"/dev/tcp/127.0.0.1/$1"`
	if said, err := exec.Command("unshare", "--net", "bash", "-c", script, group, strconv.Itoa(port)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	await(t, group+" is empty", func() bool { return os.Remove(group) == nil })
}

func descriptors(t *testing.T, pid int) int {
	t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	must(t, err)
	return len(open)
}

// anonymous is the memory of a process that is in no file, in kB.
func anonymous(t *testing.T, pid int) int {
	t.Helper()
	m := regexp.MustCompile(`(?m)^RssAnon:\s+(\d+) kB$`).FindStringSubmatch(read(t, fmt.Sprintf("/proc/%d/status", pid)))
	if m == nil {
		t.Fatal("no RssAnon")
	}
	kilobytes, err := strconv.Atoi(m[1])
	must(t, err)
	return kilobytes
}
