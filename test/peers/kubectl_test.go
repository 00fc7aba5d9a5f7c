package peers

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// kubectl stands for a cluster with one pod of rsttrace. It knows the two calls of the script
// and answers as kubectl 1.34 does. Its port is that of a real rsttrace serve.
const kubectl = `#!/bin/sh
case "$*" in
"-n rsttrace get pods -l app.kubernetes.io/name=rsttrace --field-selector status.phase=Running,spec.nodeName=node-1 -o "*) echo rsttrace-x2k5p ;;
"-n rsttrace get pods -l app.kubernetes.io/name=rsttrace --field-selector status.phase=Running,spec.nodeName=node-2 -o "*) ;;
"-n rsttrace port-forward pod/rsttrace-x2k5p :10793")
	echo "Forwarding from 127.0.0.1:$SERVE_PORT -> 10793"
	echo "Forwarding from [::1]:$SERVE_PORT -> 10793"
	exec sleep 1000 ;;
*)
	echo "error: unexpected: kubectl $*" >&2
	exit 1 ;;
esac
`

const hashOfSecret = "$2a$04$6iPQex8iUgeHBLeM22zUYe494DAHHuVSHMZDdJf0re0Fn7jiVNbtm"

// script runs kubectl-rsttrace where kubectl leads to a serve.
func script(t *testing.T, s *serve, password string, args ...string) *program {
	t.Helper()
	folder := t.TempDir()
	must(t, os.WriteFile(filepath.Join(folder, "kubectl"), []byte(kubectl), 0o755))
	_, port, err := net.SplitHostPort(s.at)
	must(t, err)
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	t.Setenv("SERVE_PORT", port)
	t.Setenv("RSTTRACE_USER", "me")
	t.Setenv("RSTTRACE_PASSWORD", password)
	path, err := filepath.Abs("../../deploy/kubectl/kubectl-rsttrace")
	must(t, err)
	return startPath(t, path, args...)
}

// TestKubectl: the script shows the resets of a node that match a filter, with the password
// of the pod, and ends its helpers with itself.
func TestKubectl(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("needs curl: make peers fetches it")
	}
	web := filepath.Join(t.TempDir(), "web.yml")
	must(t, os.WriteFile(web, []byte("basic_auth_users:\n  me: "+hashOfSecret+"\n"), 0o600))
	s := startServe(t, "--web.config.file", web)

	closed := freeAddress(t)
	_, port, err := net.SplitHostPort(closed)
	must(t, err)
	p := script(t, s, "secret", "--node", "node-1", "sent", "and", "port", port)
	var first struct {
		Kind  string
		Cause event.CauseID
	}
	line := ""
	await(t, "a line is shown", func() (shown bool) {
		if connection, err := net.Dial("tcp4", closed); err == nil {
			connection.Close()
		}
		line, _, shown = strings.Cut(p.output.String(), "\n")
		return shown
	})
	if err := json.Unmarshal([]byte(line), &first); err != nil {
		t.Errorf("the first line: %v: %s", err, line)
	}
	if first.Kind != "event" || first.Cause != cause.ClosedPort {
		t.Errorf("the first line: %+v in\n%s", first, p.output.String())
	}
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	await(t, "the script ends", p.hasEnded)

	for want, args := range map[string][]string{
		"401": {"--node", "node-1"},
		"no pod of rsttrace runs in namespace rsttrace on node node-2": {"--node", "node-2"},
		"cannot list the pods in namespace other":                      {"-n", "other"},
		"unknown option --nope":                                        {"--nope"},
	} {
		p := script(t, s, "wrong", args...)
		await(t, "the script ends", p.hasEnded)
		if said := p.output.String(); p.cmd.ProcessState.Success() || !strings.Contains(said, want) {
			t.Errorf("%q: %s: %s", args, p.cmd.ProcessState, said)
		}
	}
}
