package recording

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/audit"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

var lingerZero = event.Evidence{
	Hook: event.HookSendActive, Socket: event.SockFull, State: event.StateClose, Prior: event.StateEstablished,
	Family: event.IPv4, Facts: event.FactOwned | event.FactHasSocket | event.FactLingerZero | event.FactShutRcv | event.FactShutSend,
}

// sample is a small run in which all is right: two closes with SO_LINGER 0,
// and a closed port that the tracer could not see.
func sample(t *testing.T) *Recording {
	t.Helper()
	v := cause.Classify(lingerZero)
	e := &event.Event{Dir: v.Dir, Cause: v.Cause, Certainty: v.Certainty, State: event.StateEstablished, Evidence: lingerZero}
	r, err := New(
		Recording{Kernel: "6.1.0-9-cloud-amd64", Arch: "amd64", Method: event.Tracepoint, Limits: []string{"no-socketless", "a-limit"}},
		[]Observed{
			{Scenario: Scenario{Name: "skipped", Family: event.IPv4, Causes: []event.CauseID{cause.Refused}, Skipped: "no tun"}},
			{
				Scenario: Scenario{Name: "close", Family: event.IPv4, Causes: []event.CauseID{cause.LingerZero, cause.ClosedPort}},
				Namespaces: []ObservedNamespace{
					{Name: "server", Matched: []Match{{Expected: v.Cause, Event: e}, {Expected: v.Cause, Event: e}},
						Growth:            audit.Snapshot{"TcpOutRsts": 2, "TCPAbortOnData": 2, "TcpEstabResets": 2, "TCPAbortOnLinger": 1, "TcpInSegs": 9},
						CounterExceptions: map[string]int{"TCPAbortOnLinger": 1}},
					{Name: "quiet", Growth: audit.Snapshot{"TcpOutRsts": 0}},
					{Name: "client", Growth: audit.Snapshot{"TcpOutRsts": 1}, Hidden: []Hidden{
						{Dir: event.Sent, Cause: cause.ClosedPort, Hook: event.HookSendReply, Socket: event.SockNone, Limit: "no-socketless"}}},
				},
			},
		})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEncode(t *testing.T) {
	r := sample(t)
	data, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back); diff != "" {
		t.Errorf("what is read differs from what was written (-written +read):\n%s", diff)
	}
	if strings.Contains(string(data), "TcpInSegs") {
		t.Error("a counter that no equation knows is kept")
	}
	for _, want := range []string{
		`"limits": ["a-limit","no-socketless"],`,
		`"events":[{"expected":"linger-zero","evidence":"` + idOf(lingerZero) + `","state":"ESTABLISHED","times":2}]`,
		"\n\t\t" + `{"name":"skipped","family":"ipv4","causes":["refused"],"skipped":"no tun"}` + "\n",
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("%s\nlacks %s", data, want)
		}
	}
	if _, err := Decode([]byte(`{"format": 1, "weather": "fine"}`)); err == nil {
		t.Error("a field that is not known was passed over")
	}
}

func TestReadDir(t *testing.T) {
	dir := t.TempDir()
	for _, kernel := range []string{"6.12.1", "6.1.0", "5.10.0"} {
		for _, realtime := range []bool{true, false} {
			r := sample(t)
			r.Kernel, r.Realtime = kernel, realtime
			save(t, dir, r.FileName(), r)
		}
	}
	all, err := ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var labels []string
	for _, r := range all {
		labels = append(labels, r.Label())
	}
	if diff := cmp.Diff([]string{"5.10", "5.10-rt", "6.1", "6.1-rt", "6.12", "6.12-rt"}, labels); diff != "" {
		t.Error(diff)
	}
	save(t, dir, "6.13-fentry.json", sample(t))
	if _, err := ReadDir(dir); err == nil {
		t.Error("a file under the name of another kernel was taken")
	}
}

func save(t *testing.T, dir, name string, r *Recording) {
	t.Helper()
	data, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFileName(t *testing.T) {
	for want, r := range map[string]Recording{
		"6.12-fentry.json":           {Kernel: "6.12.38+deb12-cloud-amd64", Arch: "amd64", Method: event.Fentry},
		"arm64-6.12-tracepoint.json": {Kernel: "6.12.1", Arch: "arm64", Method: event.Tracepoint},
		"6.12-rt-kprobe.json":        {Kernel: "6.12.117+deb13-rt-amd64", Arch: "amd64", Realtime: true, Method: event.Kprobe},
	} {
		if got := r.FileName(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestNewRefusesTwoVerdicts: equal evidence has one cause, or the evidence lacks
// what decides.
func TestNewRefusesTwoVerdicts(t *testing.T) {
	matched := []Match{
		{Expected: cause.Disconnect, Event: &event.Event{Dir: event.Sent, Cause: cause.Disconnect, Evidence: lingerZero}},
		{Expected: cause.LingerZero, Event: &event.Event{Dir: event.Sent, Cause: cause.LingerZero, Evidence: lingerZero}},
	}
	if _, err := New(Recording{}, []Observed{{Namespaces: []ObservedNamespace{{Matched: matched}}}}); err == nil {
		t.Error("one kind of evidence with two causes was taken")
	}
}

func TestReplayFinds(t *testing.T) {
	if problems := sample(t).Replay(); len(problems) > 0 {
		t.Fatalf("nothing is wrong, and yet: %q", problems)
	}
	server := func(r *Recording) *Namespace { return &r.Scenarios[0].Namespaces[1] }
	for want, spoil := range map[string]func(*Recording){
		"event schema 0":               func(r *Recording) { r.Schema = 0 },
		"is now sent linger-zero":      func(r *Recording) { r.Evidence[0].Cause = cause.Disconnect },
		"(likely) is now":              func(r *Recording) { r.Evidence[0].Certainty = event.Likely },
		"changed by hand":              func(r *Recording) { r.Evidence[0].Evidence.Family = event.IPv6 },
		"no longer taken for a RST":    func(r *Recording) { r.Evidence[0].Evidence.Hook = event.HookReceive },
		"no scenario refers to it":     func(r *Recording) { r.Evidence = append(r.Evidence, Verdict{ID: "1"}) },
		"evidence 1 is missing":        func(r *Recording) { server(r).Events[0].Evidence = "1" },
		"and no limit says why":        func(r *Recording) { server(r).Events[0].Expected = cause.Refused },
		"TcpOutRsts in server grew":    func(r *Recording) { server(r).Events[0].Times = 1 },
		"TCPAbortOnLinger in server":   func(r *Recording) { server(r).CounterExceptions = nil },
		"TCPAbortOnData in server":     func(r *Recording) { delete(server(r).Growth, "TCPAbortOnData") },
		"no-socketless does not hold":  func(r *Recording) { r.Limits = nil },
		"closed-port was not reported": func(r *Recording) { r.Scenarios[0].Namespaces[0].Hidden[0].Limit = "" },
		"peer-gone is what it is about": func(r *Recording) {
			r.Scenarios[0].Causes = append(r.Scenarios[0].Causes, cause.PeerGone)
		},
	} {
		r := sample(t)
		spoil(r)
		problems := strings.Join(r.Replay(), "\n")
		if !strings.Contains(problems, want) || !strings.Contains(problems, "6.1.0-9-cloud-amd64 by tracepoint") {
			t.Errorf("%q is not in %q", want, problems)
		}
	}
}

func TestCoverage(t *testing.T) {
	r := sample(t)
	r.Scenarios[0].Causes = append(r.Scenarios[0].Causes, cause.PeerGone)
	want := map[event.CauseID]Knowledge{
		cause.LingerZero: {Exact: true},
		cause.ClosedPort: {Limits: []string{"no-socketless"}},
		cause.PeerGone:   {Absent: true},
	}
	if diff := cmp.Diff(want, r.Coverage()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	r.Scenarios[0].KernelDeviates = "no RST here"
	if _, there := r.Coverage()[cause.PeerGone]; there {
		t.Error("a kernel that differs owes no cause")
	}
}
