package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/probe"
)

// TestAuditLimits: the audit goes by ids that package probe has.
func TestAuditLimits(t *testing.T) {
	for _, id := range []string{"no-receive", "no-active", "no-reply", "no-signed", probe.LimitSocketless, probe.LimitRequests} {
		if probe.SentenceOf(id) == "" {
			t.Errorf("there is no limit %q any more", id)
		}
	}
}

func TestAuditFlag(t *testing.T) {
	for text, want := range map[string]auditFlag{
		"end": {on: true}, "10s": {on: true, every: 10 * time.Second}, "1m": {on: true, every: time.Minute},
	} {
		var a auditFlag
		if err := a.Set(text); err != nil || a != want {
			t.Errorf("%q is %+v, %v", text, a, err)
		}
	}
	for _, text := range []string{"", "0", "never", "-1s", "10ms", "10"} {
		var a auditFlag
		if err := a.Set(text); err == nil {
			t.Errorf("%q was accepted as %+v", text, a)
		}
	}
}

// TestAudit runs the command, which gives its privileges up, beside a process
// of another user in a namespace of its own: it is read all the same.
func TestAudit(t *testing.T) {
	needRoot(t)
	stranger := exec.Command("sleep", "60")
	stranger.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNET, Credential: &syscall.Credential{Uid: nobody, Gid: nobody},
	}
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stranger.Process.Kill(); _ = stranger.Wait() }()

	address := ownAddress()
	p := start(t, received(address, "--audit", "1s", "--duration", "2500ms")...)
	time.Sleep(100 * time.Millisecond) // until it has dropped them and read the counters
	refuse(t, address)
	if code := p.wait(t); code != exitFine {
		t.Fatalf("exit code %d, stderr: %s", code, &p.stderr)
	}
	var audits []object
	output := lines(p.stdout.String())
	for _, line := range output {
		var o object
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		checkEveryLine(t, o, line)
		if o["kind"] == "audit" {
			audits = append(audits, o)
		}
	}
	if len(audits) < 2 || !strings.Contains(output[len(output)-1], `"counts"`) {
		t.Fatalf("want audits of intervals and of the whole, and the totals last:\n%s", p.stdout.String())
	}
	whole := audits[len(audits)-1]
	// Named namespaces without a process may be on this host, too: those need a
	// privilege that it has given up.
	notes := fmt.Sprint(whole["notes"])
	if n, ok := whole["namespaces"].(float64); !ok || n < 2 || strings.Contains(notes, "/proc/") {
		t.Errorf("the namespace of another user was not read: %v", whole)
	}
	if seconds, ok := whole["seconds"].(float64); !ok || seconds < 2 {
		t.Errorf("the last one is not about the whole run: %v", whole)
	}
	sent, ok := counterOf(whole, "TcpOutRsts")
	if kernel, _ := sent["kernel"].(float64); !ok || kernel < 1 {
		t.Errorf("the refused connect is not in it: %v", whole)
	}
}

func counterOf(audit object, name string) (object, bool) {
	counters, _ := audit["counters"].([]any)
	for _, c := range counters {
		if o, ok := c.(map[string]any); ok && o["counter"] == name {
			return o, true
		}
	}
	return nil, false
}
