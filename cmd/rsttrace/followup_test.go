package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
)

// TestFollowups: the client is a Go program, whose runtime handles SIGPIPE at
// first, and then dies of it. Reading the wrong signal's action would show.
func TestFollowups(t *testing.T) {
	needRoot(t)
	p := command(t, "lab", "broken-pipe")
	if code := p.finish(t); code != exitFine || p.stderr.Len() > 0 {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
	const story = `(?ms) SENT .* data-after-close .* #(\d+) .*` +
		` RECEIVED .* wrote-after-peer-close .*\(the other end of #(\d+)\).*` +
		` … \d+ ms later lab-client\[(\d+)\] got SIGPIPE \(#\d+, \S+, wrote-after-peer-close\)$.*` +
		` … \d+ ms later lab-client\[(\d+)\] got SIGPIPE and was terminated by it \(#\d+, \S+, wrote-after-peer-close\)$`
	match := regexp.MustCompile(story).FindStringSubmatch(p.stdout.String())
	if match == nil || match[1] != match[2] || match[3] != match[4] {
		t.Errorf("the story is not told, found %q in:\n%s", match, &p.stdout)
	}
}

func TestFollowupsJSON(t *testing.T) {
	needRoot(t)
	p := command(t, "lab", "broken-pipe", "-o", "json")
	if code := p.finish(t); code != exitFine {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
	const line = `(?m)^\{"schema":2,"time":"[^"]+","kind":"followup","event":\d+,"what":"sigpipe","pid":\d+,"tid":\d+,"comm":"lab-client","afterMicros":\d+(,"ended":true)?,"cause":"wrote-after-peer-close","local":\{[^}]+\}\}$`
	found := regexp.MustCompile(line).FindAllStringSubmatch(p.stdout.String(), -1)
	if len(found) != 2 || found[0][1] != "" || found[1][1] == "" {
		t.Errorf("want one that it handles and one that ends it, found %q in:\n%s", found, &p.stdout)
	}
}

// needErrorReports skips where the kernel does not say which error it reports.
func needErrorReports(t *testing.T) {
	t.Helper()
	needRoot(t)
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := spec.AnyTypeByName("btf_trace_inet_sk_error_report"); err != nil {
		t.Skip("this kernel has no tracepoint inet_sk_error_report (Linux 5.14)")
	}
}

// TestErrorInEvent: the kernel's word stands in the event, and is no line of its
// own where it is the same.
func TestErrorInEvent(t *testing.T) {
	needErrorReports(t)
	p := command(t, "lab", "peer-aborted", "-o", "json")
	if code := p.finish(t); code != exitFine {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
	received := regexp.MustCompile(`(?m)^.*"dir":"received".*$`).FindAllString(p.stdout.String(), -1)
	if len(received) == 0 {
		t.Fatalf("no reset was received:\n%s", &p.stdout)
	}
	for _, line := range received {
		if !strings.Contains(line, `"app":{"errno":"ECONNRESET","on":"read","reported":true,`) {
			t.Errorf("not reported: %s", line)
		}
	}
	if strings.Contains(p.stdout.String(), `"what":"error"`) {
		t.Errorf("said twice:\n%s", &p.stdout)
	}
}

// TestErrorFollowsSubflow: of MPTCP only the kernel knows what the application
// gets, and says it a moment later.
func TestErrorFollowsSubflow(t *testing.T) {
	needErrorReports(t)
	if _, err := os.Stat("/proc/sys/net/mptcp"); err != nil {
		t.Skip("this kernel has no MPTCP")
	}
	p := command(t, "lab", "mptcp-close")
	if code := p.finish(t); code != exitFine {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
	const story = `(?m) … \d+ (µs|ms) later the kernel reported ECONNRESET on the socket of lab-client\[\d+\] \(#\d+, \S+, peer-aborted\)$`
	if found := regexp.MustCompile(story).FindAllString(p.stdout.String(), -1); len(found) != 1 {
		t.Errorf("found %q in:\n%s", found, &p.stdout)
	}
}
