package pcapng

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/pcapng"
	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const forWireshark = "../../../deploy/wireshark"

// tool runs a program of Wireshark. It must succeed, and have nothing to complain about.
func tool(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts tshark, which takes a second each time")
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("needs %s: apt-get install tshark", name)
	}
	var out, problems bytes.Buffer
	c := exec.Command(path, args...)
	c.Env = append(append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C.UTF-8"), env...)
	c.Stdout, c.Stderr = &out, &problems
	err = c.Run()
	complaint := strings.TrimSpace(strings.Replace(problems.String(), `Running as user "root" and group "root". This could be dangerous.`, "", 1))
	if err != nil || complaint != "" {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, complaint)
	}
	return out.String()
}

// fields are the values of fields, a line for each frame that a filter matches.
func fields(t *testing.T, path, filter string, more []string, names ...string) []string {
	t.Helper()
	args := append([]string{"-r", path, "-T", "fields", "-E", "separator=|"}, more...)
	if filter != "" {
		args = append(args, "-Y", filter)
	}
	for _, name := range names {
		args = append(args, "-e", name)
	}
	out := strings.TrimSuffix(tool(t, nil, "tshark", args...), "\n")
	if out == "" {
		return nil
	}
	return strings.Split(out, "\n")
}

// onDisk writes a recording of everything.
func onDisk(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "resets.pcapng")
	out := newMemory()
	items(t, New(out, Options{Version: "1.0", Run: "a1"}))
	must(t, os.WriteFile(path, out.all(), 0o600))
	return path
}

// TestTshark: it shows every RST, the packet that provoked it in front of it, and a line for
// what has no packet.
func TestTshark(t *testing.T) {
	path := onDisk(t)
	var want []string
	for _, e := range fixture.Events() {
		if e.Trigger.Flags != 0 {
			want = append(want, "trigger")
		}
		want = append(want, "rst "+string(e.Dir))
	}
	for range 10 { // follow-ups, a finding, a loss, an audit, totals
		want = append(want, "entry")
	}
	var got []string
	for _, line := range fields(t, path, "", nil, "tcp.flags.reset", "frame.packet_flags_direction", "frame.packet_id", "systemd_journal.message") {
		f := strings.Split(line, "|")
		switch {
		case f[3] != "":
			got = append(got, "entry")
		case f[0] != "1":
			got = append(got, "trigger")
		case f[1] == "0x00000002":
			got = append(got, "rst sent")
		default:
			got = append(got, "rst received")
			if e := fixture.Events()[number32(f[2])-1]; e.Dir == event.Ignored {
				got[len(got)-1] = "rst ignored"
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if wrong := fields(t, path, "_ws.malformed || _ws.expert.severity >= error", []string{"-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"}, "frame.number", "_ws.expert.message"); len(wrong) > 0 {
		t.Errorf("%q", wrong)
	}
}

func number32(text string) (n int) {
	for _, c := range text {
		n = n*10 + int(c-'0')
	}
	return n
}

// TestTsharkFilters: comments, interfaces and journal entries can be filtered.
func TestTsharkFilters(t *testing.T) {
	path := onDisk(t)
	for filter, want := range map[string][]string{
		`frame.comment contains "unread-data-on-close"`:                                {"1"},
		`frame.comment contains "Answered by event 2"`:                                 {"2"},
		`frame.interface_name == "eth1"`:                                               {"4"},
		`frame.interface_description contains "web" && frame.interface_name == "eth0"`: {"2"},
		`systemd_journal.message contains "worker[4411] got SIGPIPE"`:                  {"23"},
		`frame.len > frame.cap_len && frame.comment contains "Answered"`:               {"2"},
	} {
		got := fields(t, path, filter, nil, "frame.number")
		if len(got) < len(want) || !cmp.Equal(got[:len(want)], want) {
			t.Errorf("%s: %q, want %q", filter, got, want)
		}
	}
}

// TestEditcap: what Wireshark's programs write of a recording is a recording.
func TestEditcap(t *testing.T) {
	path := onDisk(t)
	want := jsonOf(func(s event.Sink) { items(t, s) })
	copied := filepath.Join(t.TempDir(), "copied.pcapng")
	for _, program := range [][]string{{"editcap", path, copied}, {"tshark", "-r", path, "-w", copied}, {"mergecap", "-w", copied, path}} {
		tool(t, nil, program[0], program[1:]...)
		recording, err := os.ReadFile(copied)
		must(t, err)
		run, ok := pcapng.RunOf(pcapng.Section(recording))
		if wanted := map[bool]string{true: "", false: "a1"}[program[0] == "mergecap"]; !ok || run != wanted {
			t.Errorf("%s: run %q", program[0], run)
		}
		if got := jsonOf(func(s event.Sink) { read(t, recording, s) }); got != want {
			t.Errorf("%s: %s", program[0], cmp.Diff(want, got))
		}
	}
	if info := tool(t, nil, "capinfos", path); !strings.Contains(info, "Capture application: rsttrace 1.0") || !strings.Contains(info, "Capture length = 256") {
		t.Error(info)
	}
	// Journal entries are no packets, so a format that has none needs them filtered out.
	tool(t, nil, "tshark", "-r", path, "-Y", "tcp", "-F", "pcap", "-w", copied)
}

// TestLua: the dissector has fields of its own.
func TestLua(t *testing.T) {
	path := onDisk(t)
	script := []string{"-X", "lua_script:" + forWireshark + "/rsttrace.lua"}
	for filter, want := range map[string]string{
		`rsttrace.event == "1" && rsttrace.kind == "event"`: "unread-data-on-close|nginx[812]|812|||1448",
		`rsttrace.answered_by == "2"`:                       "|||||",
		`rsttrace.errno == "EPIPE"`:                         "wrote-after-peer-close|worker[4411]|4411|EPIPE||",
		`rsttrace.finding == "3" && tcp`:                    "unread-data-on-close|curl[90214]|90214||3|1448",
		`rsttrace.kind == "finding"`:                        "closed-port||||3 closed-port|",
	} {
		got := fields(t, path, filter, script, "rsttrace.cause", "rsttrace.owner", "rsttrace.pid", "rsttrace.errno", "rsttrace.finding", "rsttrace.unread")
		if len(got) == 0 || got[0] != want {
			t.Errorf("%s: %q, want %q", filter, got, want)
		}
	}
	// Every line can be read, and a name that obeys nobody cannot escape.
	kinds := fields(t, path, "rsttrace.json", script, "rsttrace.kind")
	if len(kinds) != len(fixture.Events())+10 {
		t.Errorf("%q", kinds)
	}
	if all := tool(t, nil, "tshark", append(script, "-r", path, "-V")...); strings.ContainsAny(all, "\x1b\u202e") {
		t.Error("a name reached the terminal as it was chosen")
	}
}

// TestProfile: the columns of the profile have values.
func TestProfile(t *testing.T) {
	path := onDisk(t)
	config := filepath.Join(t.TempDir(), "wireshark", "profiles")
	if err := errors.Join(os.MkdirAll(filepath.Dir(config), 0o755), os.CopyFS(config, os.DirFS(forWireshark+"/profiles"))); err != nil {
		t.Fatal(err)
	}
	out := tool(t, []string{"XDG_CONFIG_HOME=" + filepath.Dir(filepath.Dir(config))}, "tshark", "-C", "rsttrace", "-X", "lua_script:"+forWireshark+"/rsttrace.lua", "--color", "-r", path)
	for _, want := range []string{"1 unread-data-on-close nginx[812]", "3 wrote-after-peer-close worker[4411] EPIPE", "3 closed-port"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
