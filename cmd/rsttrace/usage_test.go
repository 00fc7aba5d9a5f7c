package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

const nobody = 65534 // a user

// checkFailure wants nothing on stdout, and one line on stderr that has
// all the parts.
func checkFailure(t *testing.T, p *process, code int, parts ...string) {
	t.Helper()
	if got := p.finish(t); got != code {
		t.Errorf("exit code %d, want %d", got, code)
	}
	if p.stdout.Len() > 0 {
		t.Errorf("stdout is not empty:\n%s", &p.stdout)
	}
	text := p.stderr.String()
	if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") || !strings.HasPrefix(text, "rsttrace: ") {
		t.Fatalf("stderr is not one line:\n%s", text)
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("stderr does not say %q: %s", part, text)
		}
	}
}

// TestWrongUsage: one line says what is wrong and what would be right.
func TestWrongUsage(t *testing.T) {
	for _, test := range []struct {
		args string
		want string
	}{
		{"--nope", "unknown flag --nope (see rsttrace --help)"},
		{"--prot 443", "did you mean --port?"},
		{"--filter sent", "write the filter without a flag"},
		{"read --filtre sent x", "did you mean --filter?"},
		{"trcae", `unknown command "trcae"`},
		{"--direction upwards", "sent, received, ignored or observed"},
		{"--cause closed-prt", "did you mean closed-port"},
		{"--host localhost", "want an address or prefix"},
		{"--port 70000", "1 to 65535"},
		{"--port 20-10", "10-20"},
		{"--netns no-such", "there is no /run/netns/no-such"},
		{"--netns all,own", "there is no /run/netns/all"},
		{"--pid nginx", "positive number"},
		{"--comm ,", "empty value"},
		{"--cgroup /", "--cgroup: \"/\" holds every control group: leave the filter out"},
		{"--cgroup no-such-group/at-all", "there is no control group \"/no-such-group/at-all\": want a path such as"},
		{"--cgroup ,", "empty value"},
		{"--unit system.slice/nginx.service", "want a name such as nginx.service"},
		{"--container web-1,", "empty value"},
		{"--pod ,", "empty value"},
		{"--attach uprobe", "fentry, kprobe, tracepoint"},
		{"-o xml", "text, json"},
		{"--ring-size 100", "power of two"},
		{"--ring-size 3M", "power of two"},
		{"--ring-size 2G", "power of two"},
		{"--ring-size ɐ", "power of two"},
		{"--ring-size 1ſK", "power of two"},
		{"--count 0", "want more than 0"},
		{"--duration 0s", "want more than 0"},
		{"--interval 0s", "want more than 0"},
		{"--summary --count 5", "use --duration"},
		{"--rotate 100M", "--rotate: there is no recording; add --write FILE"},
		{"-w x.pcapng --rotate 100", "want a size of 1M or more"},
		{"-w x.pcapng --rotate 10K", "want a size of 1M or more"},
		{"-w x.pcapng --rotate 1h,2h", "want a size of 1M or more"},
		{"-w x.pcapng --rotate 10ms", "a time of 1s or more"},
		{"-w x.pcapng --keep 3", "--keep: there is only one file; add --rotate"},
		{"-w x.pcapng --rotate 1G --keep 0", "want 1 or more"},
		{"-w - --rotate 1G", "leave one out"},
		{"-w - -o json", "both write to the standard output"},
		{"--write=", "must not be empty"},
		{"--summary -w x.pcapng", "no event to record"},
		{"--summary --stack", "leave one out"},
		{"--summary --evidence", "leave one out"},
		{"--direction ignored --no-drops", "leave one out"},
		{"--cause rst-old", "add --direction ignored"},
		{"--cause refused --direction sent", "add --direction received"},
		{"--cause closed-earlier --no-flow-memory", "half-open"},
		{"--cause time-wait-killed --no-drops", "leave one out"},
		{"--cause netfilter-reject --attach tracepoint", "leave one out"},
		{"--pod a/b/c", "cart-6d9f or shop/cart-6d9f"},
		{"--pod shop/", "cart-6d9f or shop/cart-6d9f"},
		{"lab --list -o json", "leave one out"},
		{"--duration=-1s", "must not be negative"},
		{"--top=-1", "must not be negative"},
		{"--duration 10", `--duration "10": want a number with a unit, such as 30s`},
		{"--count many", `--count "many": want a whole number`},
		{"--count=-1", "--count"},
		{"lab no-such", `no scenario "no-such": rsttrace lab --list`},
		{"lab --family ipx", "ipv4 or ipv6"},
		{"lab -o xml", "text, json"},
		{"selftest --part 3", "want the part and the number of parts, at most 1000: 2/3"},
		{"selftest --part 4/3", "want the part and the number of parts"},
		{"selftest --part 0/3", "want the part and the number of parts"},
		{"selftest --part 1/1001", "want the part and the number of parts"},
		{"selftest no-such", `no scenario "no-such"`},
		{"explain no-such", "rsttrace explain lists"},
		{"explain closed-port refused", "explain takes one name, and there are 2 (see rsttrace explain --help)"},
		{"read", "name the files, such as rsttrace read resets.pcapng"},
		{"join", "name the files, such as rsttrace join resets.pcapng"},
		{"raed x.pcapng", "did you mean rsttrace read x.pcapng?"},
		{"lab brokenpipe", "did you mean broken-pipe?"},
		{"version please", "please"},
		{"doctor please", "please"},
		{"completion nonsense", "bash, fish, zsh"},
		{"completion bash nonsense", "nonsense"},
		{"help nonsense", "completion, doctor, explain, join, lab, read, report, selftest, serve, top, version"},
		{"help lab nonsense", "lab nonsense"},
		{"--user no-such-user", "there is no user"},
		{"--user 65432:staff", "want a name, a number, or numbers"},
		{"--user 4294967295", "want a name, a number, or numbers"},
		{"--user -1", "want a name, a number, or numbers"},
	} {
		t.Run(test.args, func(t *testing.T) {
			checkFailure(t, command(t, strings.Fields(test.args)...), exitUsage, test.want, "(see rsttrace", "--help)")
		})
	}
}

// TestFilesThatCannotBeRead: each has one clear error, and none passes for a recording in which
// nothing happened.
func TestFilesThatCannotBeRead(t *testing.T) {
	folder := t.TempDir()
	empty, page := filepath.Join(folder, "empty"), filepath.Join(folder, "page.html")
	capture := filepath.Join(folder, "capture.pcap")
	for path, content := range map[string]string{
		empty: "",
		// The header of a pcap file: version 2.4, Ethernet.
		capture: "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x01\x00\x00\x00",
	} {
		must(t, os.WriteFile(path, []byte(content), 0o600))
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"read", empty}, empty + ": it is empty: nothing was recorded"},
		{[]string{"report", empty, "-o", page}, "no page is written"},
		{[]string{"join", empty, empty + "/.."}, empty},
		{[]string{"read", folder}, folder + " is a folder: name the files in it"},
		{[]string{"top", folder}, folder + " is a folder: name the files in it"},
		{[]string{"read", folder + "/none"}, "there is no file " + folder + "/none"},
		{[]string{"report", folder + "/none", "-o", page}, "there is no file " + folder + "/none"},
		{[]string{"join", folder + "/none"}, "there is no file or folder " + folder + "/none"},
		{[]string{"join", capture}, "is a capture of another program"},
		{[]string{"report", capture, "-o", folder + "/none/page.html"}, "there is no folder " + folder + "/none: make it"},
		{[]string{"read", capture, "-w", folder}, folder + " is a folder: name a file in it"},
		{[]string{"read", capture, "-w", folder + "/none/x.pcapng"}, "there is no folder " + folder + "/none: make it"},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			checkFailure(t, command(t, test.args...), exitFailed, test.want)
		})
	}
	if _, err := os.Stat(page); err == nil {
		t.Error("a page was written of nothing")
	}
}

// TestUnprivileged: one line names what is needed.
func TestUnprivileged(t *testing.T) {
	needRoot(t)
	for _, args := range []string{"", "lab closed-port", "selftest closed-port"} {
		t.Run("rsttrace "+args, func(t *testing.T) {
			p := command(t, strings.Fields(args)...)
			p.Dir = "/"
			p.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
			checkFailure(t, p, exitFailed, "CAP_BPF", "CAP_PERFMON", "as root")
		})
	}
}

// TestReadyFileFails: a file that cannot be written is a failure, not a wait
// for ever.
func TestReadyFileFails(t *testing.T) {
	needRoot(t)
	p := command(t, "--ready-file", "/no/such/folder/ready")
	if code := p.finish(t); code != exitFailed || !strings.Contains(p.stderr.String(), "--ready-file: ") {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
}

// TestResultsFail: what cannot be written is known before minutes have passed.
func TestResultsFail(t *testing.T) {
	checkFailure(t, command(t, "selftest", "--json", "/no/such/folder/results"), exitFailed, "--json: /no/such/folder: ")
	folder := filepath.Join(t.TempDir(), "results") // in one that any user may write
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	checkFailure(t, command(t, "selftest", "--json", folder), exitFailed, "--json: "+folder+" is a folder")
}

// TestReadyFileOfOthers: sudo writes where its caller wants it, also where root
// may write only because of a capability.
func TestReadyFileOfOthers(t *testing.T) {
	needRoot(t)
	folder := t.TempDir()
	if err := errors.Join(os.Chmod(folder, 0o700), os.Chown(folder, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	p := command(t, "--duration", "10ms", "--host", ownAddress(), "--ready-file", filepath.Join(folder, "ready"))
	if code := p.finish(t); code != exitFine {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
}

// TestNoPrivilegesNeeded is what anybody may ask.
func TestNoPrivilegesNeeded(t *testing.T) {
	for args, want := range map[string]string{
		"version":                `^rsttrace \S+, event schema 2, go1\.\d+\S* linux/\w+\n$`,
		"--help":                 `(?m)^  rsttrace explain unread-data-on-close `,
		"lab --list":             `(?m)^closed-port +A client connects to a port`,
		"lab --list broken-pipe": `^broken-pipe +A client keeps writing.*\n$`,
		"__complete --attach f":  `(?m)^fentry$`,
		"__complete lab power":   `(?m)^power-loss$`,
		"__complete --cause c":   `(?m)^closed-port$`,
	} {
		t.Run(args, func(t *testing.T) {
			p := command(t, strings.Fields(args)...)
			if code := p.finish(t); code != exitFine {
				t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
			}
			if !regexp.MustCompile(want).MatchString(p.stdout.String()) {
				t.Errorf("stdout does not match %s:\n%s", want, &p.stdout)
			}
		})
	}
}
