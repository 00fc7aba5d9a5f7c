package peers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// realResets are so many that both ends have a thousand events.
const realResets = 500

// TestClickHouseSink: two hosts write to one server, whose password is wrong at first. Each
// has a network of its own. Both have one kernel, so one looks for RSTs that are sent, and the
// other one for those that are received. The server has all lines of the files that they write
// besides, and each RST as a pair.
func TestClickHouseSink(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	c := startClickHouse(t)
	c.run("schema.sql", "")
	c.run("fleet-schema.sql", "")
	near, far := twoNetworks(t)
	password := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(password, []byte("that of yesterday\n"), 0o600))
	var hosts []*serve
	var files []string
	for i, sees := range []string{"sent", "received"} {
		file := filepath.Join(t.TempDir(), "resets.json")
		hosts = append(hosts, startServeAs(t, i, "--host-name", fmt.Sprint("web-", i+1), "--filter", "netns "+[]string{near, far}[i], "--direction", sees, "--max-rate", "0",
			"--sink", "type: file, path: "+file,
			"--sink", fmt.Sprintf("type: clickhouse, address: '%s', user: %s, password-file: %s", c.address, clickHouseUser, password)))
		files = append(files, file)
	}
	const script = `for i in $(seq "$1"); do : 2>/dev/null <>/dev/tcp/10.77.0.1/9 || :; done`
	if said, err := exec.Command("ip", "netns", "exec", far, "bash", "-c", script, "bash", fmt.Sprint(realResets)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	for i, host := range hosts {
		host.await("has written the resets", func() bool { return len(linesOf(t, files[i]).events) >= realResets })
		host.await("says that the password is wrong", func() bool { return strings.Contains(host.output.String(), "403 Forbidden") })
	}
	must(t, os.WriteFile(password, []byte(clickHousePassword+"\n"), 0o600))
	await(t, "the server has the resets", func() bool {
		return c.number("SELECT count() FROM rsttrace.lines WHERE kind = 'event'") == fmt.Sprint(2*realResets)
	})
	lines := 0
	for i, host := range hosts {
		must(t, host.cmd.Process.Signal(syscall.SIGTERM))
		await(t, "rsttrace ends", host.hasEnded)
		if code := host.cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("exit status %d", code)
		}
		lines += strings.Count(read(t, files[i]), "\n")
	}
	if got := c.number("SELECT count() FROM rsttrace.lines"); got != fmt.Sprint(lines) {
		t.Errorf("%s lines, and the files have %d", got, lines)
	}
	ports := func(file string, of func(*event.Event) uint16) map[string]string {
		ids := map[string]string{}
		for _, e := range linesOf(t, file).events {
			ids[fmt.Sprint(of(e))] = fmt.Sprint(e.ID)
		}
		return ids
	}
	const columns = "SELECT sent_to_port, sent_id, got_id, sent_host, got_host, sent_cause, got_cause FROM "
	pairs := append(c.ask(columns+"rsttrace.pairs"), c.ask(columns+byWayView)...) // a tracepoint does not show the numbers
	sent := ports(files[0], func(e *event.Event) uint16 { return e.Peer.Port })
	if diff := cmp.Diff(sent, sqlAnswer(pairs, "sent_id", "sent_to_port")); diff != "" || len(sent) != realResets || len(pairs) != realResets {
		t.Errorf("%d RSTs, %d pairs: %s", len(sent), len(pairs), tail(diff))
	}
	if diff := cmp.Diff(ports(files[1], func(e *event.Event) uint16 { return e.Local.Port }), sqlAnswer(pairs, "got_id", "sent_to_port")); diff != "" {
		t.Error(tail(diff))
	}
	if diff := cmp.Diff(map[string]string{"web-1 web-2 closed-port": "refused"}, sqlAnswer(pairs, "got_cause", "sent_host", "got_host", "sent_cause")); diff != "" {
		t.Error(diff)
	}
}

// twoNetworks makes two network namespaces with a cable between: 10.77.0.1 and 10.77.0.2.
func twoNetworks(t *testing.T) (near, far string) {
	t.Helper()
	near, far = fmt.Sprint("rsttrace-near-", os.Getpid()), fmt.Sprint("rsttrace-far-", os.Getpid())
	for _, name := range []string{near, far} {
		ip(t, "netns", "add", name)
		t.Cleanup(func() { ip(t, "netns", "delete", name) })
	}
	ip(t, "link", "add", "veth0", "netns", near, "type", "veth", "peer", "name", "veth0", "netns", far)
	for i, name := range []string{near, far} {
		ip(t, "-netns", name, "address", "add", fmt.Sprintf("10.77.0.%d/24", i+1), "dev", "veth0")
		ip(t, "-netns", name, "link", "set", "veth0", "up")
	}
	return near, far
}

func ip(t *testing.T, args ...string) {
	t.Helper()
	if said, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, said)
	}
}

// startServeAs is startServe on a machine with a machine id of its own.
func startServeAs(t *testing.T, number int, args ...string) *serve {
	t.Helper()
	id := filepath.Join(t.TempDir(), "machine-id")
	must(t, os.WriteFile(id, []byte(fmt.Sprintf("%032x\n", number+1)), 0o644))
	const script = `if [ -e /etc/machine-id ]; then mount --bind "$0" /etc/machine-id; fi; exec "$@"`
	return startServeBy(t, []string{"unshare", "--mount", "sh", "-c", script, id}, args...)
}
