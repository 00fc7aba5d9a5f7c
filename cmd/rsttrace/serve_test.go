package main

import (
	"bytes"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// freeAddress is one where nobody listens now.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// startServe runs the daemon, and returns the address at which it answers.
func startServe(t *testing.T, args ...string) (*process, string) {
	t.Helper()
	address := freeAddress(t)
	p := start(t, append([]string{"serve", "--web.listen-address", address}, args...)...)
	waitUntil(t, "it is ready", func() bool {
		answer, err := http.Get("http://" + address + "/readyz")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	return p, "http://" + address
}

// waitUntil waits for what another process does.
func waitUntil(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// scrape reads the metrics. On a machine that has no time a scrape may be refused: then it
// asks again.
func scrape(t *testing.T, url string) (families map[string]*dto.MetricFamily) {
	t.Helper()
	waitUntil(t, "a scrape is answered", func() bool {
		answer, err := http.Get(url + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode == http.StatusServiceUnavailable {
			return false
		}
		parser := expfmt.NewTextParser(model.UTF8Validation)
		if families, err = parser.TextToMetricFamilies(answer.Body); err != nil {
			t.Fatal(err)
		}
		return true
	})
	return families
}

// seriesKey is a direction and a cause, and an owner where that counts.
type seriesKey struct{ dir, cause, owner string }

// counted are the counts of a metric without zeros.
func counted(families map[string]*dto.MetricFamily, name string) map[seriesKey]uint64 {
	counts := make(map[seriesKey]uint64)
	for _, m := range families[name].GetMetric() {
		labels := make(map[string]string)
		for _, pair := range m.GetLabel() {
			labels[pair.GetName()] = pair.GetValue()
		}
		if n := uint64(m.GetCounter().GetValue()); n > 0 {
			counts[seriesKey{labels["direction"], labels["cause"], labels["owner"]}] += n
		}
	}
	return counts
}

// TestServeReloads: SIGHUP takes a new filter and new sinks. A file that is wrong changes
// nothing.
func TestServeReloads(t *testing.T) {
	needRoot(t)
	folder := openFolder(t)
	config, path := filepath.Join(folder, "rsttrace.yml"), filepath.Join(folder, "events.jsonl")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	address := ownAddress()
	sink := fmt.Sprintf("sinks:\n- {type: file, path: %s}\n", path)
	write("filter: host 192.0.2.1\n" + sink)
	p, url := startServe(t, "--config", config)
	hangup := func(result string, times float64) {
		t.Helper()
		if err := p.Process.Signal(unix.SIGHUP); err != nil {
			t.Fatal(err)
		}
		waitUntil(t, "the settings are "+result, func() bool {
			for _, m := range scrape(t, url)["rsttrace_config_reloads_total"].GetMetric() {
				if m.GetLabel()[0].GetValue() == result && m.GetCounter().GetValue() == times {
					return true
				}
			}
			return false
		})
	}
	found := func() int {
		content, err := os.ReadFile(path)
		if err != nil {
			return -1
		}
		return strings.Count(string(content), `"kind":"event"`) + strings.Count(string(content), `"cause":"closed-port"`)
	}
	refuse(t, address) // held back
	write("max-rate: 7\nfilter: sent and host " + address + "\n" + sink)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	hangup("taken", 1)
	refuse(t, address)
	waitUntil(t, "the event is in the new file", func() bool { return found() > 0 })
	write("filtr: x\n")
	hangup("refused", 1)
	before := found()
	refuse(t, address)
	waitUntil(t, "the next event is there, too", func() bool { return found() > before })
	if old, err := os.ReadFile(path + ".1"); err != nil || bytes.Contains(old, []byte(`"kind":"event"`)) {
		t.Errorf("the old file has lines that the filter should have held back: %v\n%s", err, old)
	}
	if err := p.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(t); code != exitFine {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{
		"rsttrace: the settings were read again; restart rsttrace to change max-rate\n",
		"rsttrace: the settings stay as they were: " + config + `: line 1: there is no setting "filtr"; did you mean filter?` + "\n",
	} {
		if !strings.Contains(p.stderr.String(), want) {
			t.Errorf("stderr lacks %q:\n%s", want, &p.stderr)
		}
	}
}

// TestServeDropsPrivileges: once it answers, it has what a tracer needs and no more.
func TestServeDropsPrivileges(t *testing.T) {
	needRoot(t)
	p, url := startServe(t, "--user", "nobody", "--web.pprof-socket", filepath.Join(openFolder(t), "pprof"))
	const want = 1<<cap.BPF | 1<<cap.PERFMON | 1<<cap.SYS_PTRACE
	kept := fmt.Sprintf("%016x", uint64(want))
	checkThreads(t, p.Process.Pid, map[string]string{"CapEff": kept, "CapPrm": kept, "CapBnd": fmt.Sprintf("%016x", 0), "NoNewPrivs": "1"})
	address := ownAddress()
	before := counted(scrape(t, url), "rsttrace_resets_total")
	refuse(t, address)
	closedPort := seriesKey{dir: "sent", cause: "closed-port"}
	waitUntil(t, "the reset is counted", func() bool {
		return counted(scrape(t, url), "rsttrace_resets_total")[closedPort] > before[closedPort]
	})
	if err := p.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(t); code != exitFine {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
}

// TestServeWithPasswords: the file of exporters is obeyed, for every path except those of
// probes, which have no password.
func TestServeWithPasswords(t *testing.T) {
	needRoot(t)
	config := settingsFile(t, "web.yml", "basic_auth_users:\n  prometheus: "+hashOfSecret+"\n")
	address := freeAddress(t)
	p := start(t, "serve", "--web.listen-address", address, "--web.config.file", config)
	ask := func(path, password string) int {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if password != "" {
			request.SetBasicAuth("prometheus", password)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	waitUntil(t, "it answers", func() bool { return ask("/healthz", "secret") == http.StatusOK })
	got := make(map[string]int)
	for _, path := range []string{"/", "/metrics", "/events", "/findings", "/healthz", "/readyz", "/-/reload"} {
		got[path] = ask(path, "") + ask(path, "wrong")
	}
	for _, path := range slices.Sorted(maps.Keys(got)) {
		want := 2 * http.StatusUnauthorized
		if path == "/healthz" || path == "/readyz" {
			want = 2 * http.StatusOK
		}
		if got[path] != want {
			t.Errorf("%s answers %d to two who have not the password, want %d", path, got[path], want)
		}
	}
	if err := p.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(t); code != exitFine {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
}

// hashOfSecret is that of "secret".
const hashOfSecret = "$2a$04$6iPQex8iUgeHBLeM22zUYe494DAHHuVSHMZDdJf0re0Fn7jiVNbtm"

// TestServeAddressTaken: it fails before anything is attached.
func TestServeAddressTaken(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	checkFailure(t, command(t, "serve", "--web.listen-address", listener.Addr().String()), exitFailed, "--web.listen-address "+listener.Addr().String()+": ", "address already in use")
}
