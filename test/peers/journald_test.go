package peers

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/internal/sink/journal"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// journaldScript starts journald in a mount namespace with a /run of its own. So it touches
// nothing of the journal of this machine.
const journaldScript = `
mount -t tmpfs none /run
mkdir -p /run/systemd/journald.conf.d /run/log/journal
printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\nRateLimitBurst=0\n' >/run/systemd/journald.conf.d/test.conf
printf '0123456789abcdef0123456789abcdef\n' >/run/machine-id
if [ -e /etc/machine-id ]; then mount --bind /run/machine-id /etc/machine-id; fi
exec "$0"
`

// journald is one that runs.
type journald struct{ *program }

func startJournald(t *testing.T) *journald {
	t.Helper()
	need(t, "unshare", "nsenter", "journalctl")
	path := journaldPath(t)
	useLibraries(t)
	j := &journald{start(t, "unshare", "--mount", "--propagation", "private", "sh", "-euc", journaldScript, path)}
	j.await("listens", func() bool {
		_, err := os.Stat(j.inside("/run/systemd/journal/socket"))
		return err == nil
	})
	return j
}

// useLibraries lets programs find the libraries of unpacked packages, and what systemd has
// beside them.
func useLibraries(t *testing.T) {
	t.Helper()
	tree := os.Getenv(programsVariable)
	if tree == "" {
		return
	}
	paths := []string{os.Getenv("LD_LIBRARY_PATH")}
	for _, pattern := range []string{"lib/*-linux-gnu", "usr/lib/*-linux-gnu", "lib/*-linux-gnu/systemd", "usr/lib/*-linux-gnu/systemd"} {
		folders, err := filepath.Glob(filepath.Join(tree, pattern))
		must(t, err)
		paths = append(paths, folders...)
	}
	t.Setenv("LD_LIBRARY_PATH", strings.Trim(strings.Join(paths, ":"), ":"))
}

// journaldPath is where Debian has it, or an unpacked package.
func journaldPath(t *testing.T) string {
	t.Helper()
	for _, tree := range []string{os.Getenv(programsVariable), "/"} {
		for _, folder := range []string{"lib/systemd", "usr/lib/systemd"} {
			path := filepath.Join(tree, folder, "systemd-journald")
			if _, err := os.Stat(path); err == nil && tree != "" {
				return path
			}
		}
	}
	t.Skip("needs systemd-journald: make peers fetches it")
	return ""
}

// inside is a path as journald sees it.
func (j *journald) inside(path string) string {
	return filepath.Join("/proc", strconv.Itoa(j.cmd.Process.Pid), "root", path)
}

// entries counts what journalctl finds with some arguments.
func (j *journald) entries(arguments string) int {
	j.t.Helper()
	program, err := find("journalctl")
	must(j.t, err)
	args := append(strings.Fields(arguments), "-q", "--no-pager", "-o", "json", "-D", j.inside("/run/log/journal"))
	output, err := exec.Command(program, args...).Output()
	if err != nil && len(output) > 0 { // without an entry its status is 1
		j.t.Fatalf("journalctl %s: %v", arguments, err)
	}
	return bytes.Count(output, []byte("\n"))
}

func (j *journald) awaitEntries(arguments string, want int) {
	j.t.Helper()
	j.await(fmt.Sprintf("has %d entries of %s", want, arguments), func() bool { return j.entries(arguments) == want })
}

// TestJournald: each item is an entry, and the commands of the page find them.
func TestJournald(t *testing.T) {
	j := startJournald(t)
	s := newStream(t)
	out, err := journal.New(journal.Options{Socket: j.inside("/run/systemd/journal/socket")})
	must(t, err)
	must(t, s.Run(t.Context(), out))
	must(t, out.Close())
	j.awaitEntries("SYSLOG_IDENTIFIER=rsttrace", len(s.events)+len(s.followups)+len(s.findings)+len(s.losses)+1)

	answers := map[string]int{
		"RSTTRACE_KIND=event RSTTRACE_CAUSE=closed-port": s.count(func(e *event.Event) bool { return e.Cause == cause.ClosedPort }),
		"RSTTRACE_KIND=finding PRIORITY=4":               4,
		"RSTTRACE_COMM=nginx -o json":                    s.count(func(e *event.Event) bool { return e.Owner.Comm == "nginx" }),
	}
	for line := range strings.Lines(block(t, "journalctl RSTTRACE_KIND=event")) {
		arguments, is := strings.CutPrefix(strings.TrimSpace(line), "journalctl ")
		if !is {
			break
		}
		want, known := answers[arguments]
		if !known || want == 0 {
			t.Errorf("nobody knows the answer to %q", arguments)
		}
		j.awaitEntries(arguments, want)
		delete(answers, arguments)
	}
	for arguments := range answers {
		t.Errorf("the page does not have journalctl %s", arguments)
	}
	for cause, n := range s.tallied(func(e *event.Event) string { return string(e.Cause) }) {
		if got := j.entries("RSTTRACE_KIND=event RSTTRACE_CAUSE=" + cause); fmt.Sprint(got) != n {
			t.Errorf("%d entries of %s, want %s", got, cause, n)
		}
	}
}
