package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rsttrace/rsttrace/internal/yamlflags"
)

// loadServe reads a command line of serve, and a file if there is one.
func loadServe(t testing.TB, file string, args ...string) (*serveSettings, error) {
	t.Helper()
	cmd, s := newServeCommand()
	var settings *serveSettings
	cmd.RunE = func(_ *cobra.Command, args []string) (err error) {
		s.args = args
		settings, err = s.load()
		return err
	}
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	if file != "" {
		args = append(args, "--config", settingsFile(t, "rsttrace.yml", file))
	}
	cmd.SetArgs(append([]string{}, args...)) // nil would mean those of the test
	cmd.SetOut(io.Discard)
	err := cmd.Execute()
	return settings, err
}

func settingsFile(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// settingsOf are the flags of serve that are settings.
func settingsOf() (flags []*pflag.Flag) {
	cmd := &cobra.Command{}
	new(serveFlags).register(cmd)
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if !flag.Hidden {
			flags = append(flags, flag)
		}
	})
	return flags
}

// samplesOfServe are good values of the settings that other commands do not have.
var samplesOfServe = map[string]string{
	"filter": "sent and port 443", "sink": "{type: file, path: /var/log/rsttrace/resets.jsonl}", "host-name": "web-1", "metrics.owners": "100",
	"web.listen-address": ":10793", "web.config.file": "", "web.max-streams": "3", "web.pprof-socket": "/run/rsttrace/pprof", "direction": "sent",
}

func sampleOf(t *testing.T, flag *pflag.Flag) string {
	t.Helper()
	if flag.Name == "web.config.file" {
		return settingsFile(t, "web.yml", "basic_auth_users:\n  web: $2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi\n")
	}
	if value := samplesOfServe[flag.Name]; value != "" {
		return value
	}
	if flag.Value.Type() == "bool" {
		return "true"
	}
	text := argument(t, flag)
	_, value, _ := strings.Cut(text, "=")
	return value
}

// TestEveryFlagIsASetting: what a flag does, its key does, too. No flag of the command is
// left out, except those that are about the file itself.
func TestEveryFlagIsASetting(t *testing.T) {
	settings := settingsOf()
	if len(settings) < 30 {
		t.Fatalf("only %d settings are found", len(settings))
	}
	cmd := newServe()
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		isSetting := slices.ContainsFunc(settings, func(f *pflag.Flag) bool { return f.Name == flag.Name })
		if !flag.Hidden && isSetting == slices.Contains(commandLineOnly, flag.Name) {
			t.Errorf("--%s is a setting: %v", flag.Name, isSetting)
		}
	})
	for _, flag := range settings {
		value := sampleOf(t, flag)
		byFlag, err := loadServe(t, "", "--"+flag.Name+"="+value)
		if err != nil {
			t.Errorf("--%s=%s: %v", flag.Name, value, err)
			continue
		}
		byFile, err := loadServe(t, yamlflags.Key(flag)+": [\""+strings.ReplaceAll(value, `"`, `\"`)+"\"]\n")
		if err != nil {
			t.Errorf("%s: %s: %v", yamlflags.Key(flag), value, err)
			continue
		}
		if diff := cmp.Diff(texts(byFlag), texts(byFile)); diff != "" {
			t.Errorf("--%s and its key do not mean the same:\n%s", flag.Name, diff)
		}
		none, err := loadServe(t, "")
		if err != nil {
			t.Fatal(err)
		}
		if texts(none)[flag.Name] == texts(byFile)[flag.Name] {
			t.Errorf("%s changes nothing: the sample %s is the default", flag.Name, value)
		}
	}
}

// texts are the values of all settings.
func texts(s *serveSettings) map[string]string {
	values := map[string]string{"the filter": s.wanted.String()}
	s.flags.VisitAll(func(flag *pflag.Flag) { values[flag.Name] = flag.Value.String() })
	return values
}

// TestCommandLineWins: of a setting that both have, the one of the command line holds.
func TestCommandLineWins(t *testing.T) {
	const file = "max-rate: 5\nfilter: sent\nport: [80]\nsinks:\n- type: journal\nweb:\n  listen-address: [\":1\", \":2\"]\n"
	got, err := loadServe(t, file, "--max-rate", "7", "--sink", "type: stdout", "--web.listen-address", ":3", "received")
	if err != nil {
		t.Fatal(err)
	}
	if got.maxRate != 7 || got.wanted.String() != "received and port 80" || got.sinks.String() != `{type: "stdout"}` || got.addresses.String() != ":3" {
		t.Errorf("rate %d, filter %s, sinks %s, addresses %s", got.maxRate, got.wanted, &got.sinks, &got.addresses)
	}
}

// TestBadSettings: each mistake in a file gives one line, which names the file, the line
// and what would be right.
func TestBadSettings(t *testing.T) {
	for file, want := range map[string]string{
		"filtr: sent\n":                                                     `line 1: there is no setting "filtr"; did you mean filter?`,
		"# x\nfilter: sent and prt 5\n":                                     `line 2: filter: there is no field "prt": did you mean port?`,
		"filter: ''\n":                                                      "line 1: filter: must not be empty",
		"max-rate: many\n":                                                  `line 1: max-rate: "many": want a whole number, 0 or more`,
		"ring-size: 3M\n":                                                   `line 1: ring-size: "3M": want a power of two from 64K to 1G, such as 8M`,
		"attach: uprobe\n":                                                  `line 1: attach: "uprobe": no such attach method; there are fentry, kprobe, tracepoint`,
		"\nport: 70000\n":                                                   `line 2: port: bad port "70000": want 1 to 65535`,
		"cause: closed-prt\n":                                               "line 1: cause: unknown cause \"closed-prt\": did you mean closed-port?",
		"cause: time-wait-killed\nno-drops: true\n":                         "line 1: cause time-wait-killed, --no-drops: it is seen only where the kernel drops the packet; leave one out",
		"audit: 5\n":                                                        "line 1: audit: \"5\": \"5\" is neither end nor an interval of at least 1s",
		"user: no-such-user\n":                                              `line 1: user: "no-such-user": there is no user "no-such-user"`,
		"interval: 0s\n":                                                    "line 1: interval: 0s: want more than 0",
		"host-name: a b\n":                                                  `line 1: host-name: "a b": want a name such as web-1`,
		"metrics:\n  owners: 0\n":                                           "line 2: metrics.owners: 0: want 1 or more",
		"web:\n  max-streams: -1\n":                                         "line 2: web.max-streams: -1: must not be negative",
		"web:\n  listen-address: localhost\n":                               `line 2: web.listen-address: "localhost": "localhost" is no address with a port`,
		"web:\n  listen-address: [':1', ':x']\n":                            `line 2: web.listen-address: ":x": ":x": there is no port "x"`,
		"web:\n  config.file: /no/such/web.yml\n":                           "line 2: web.config.file: open /no/such/web.yml: no such file or directory",
		"config: other.yml\n":                                               "line 1: config is for the command line only",
		"check: true\n":                                                     "line 1: check is for the command line only",
		"ring: 64K\n":                                                       `line 1: there is no setting "ring"`,
		"sink: {type: stdout}\n":                                            `line 1: there is no setting "sink.type"`,
		"sinks: file\n":                                                     `line 1: sinks: "file": want keys and values, such as type: file, path: /var/log/rsttrace/resets.jsonl`,
		"sinks:\n- {type: fil}\n":                                           "line 2: sinks: type: want one of stdout, file, journal, otlp, clickhouse",
		"sinks:\n- {path: x}\n":                                             "line 2: sinks: type: want one of",
		"sinks:\n- type: stdout\n- type: file\n":                            "line 3: sinks: a sink of type file needs path, such as path: /var/log/rsttrace/resets.jsonl",
		"sinks:\n- {type: file, path: x, sice: 1M}\n":                       "line 2: sinks: a sink of type file has no sice; did you mean size?",
		"sinks:\n- {type: file, path: x, size: 1}\n":                        `line 2: sinks: size: "1": want a size of 1M or more, such as 100M`,
		"sinks:\n- {type: file, path: x, keep: 0}\n":                        `line 2: sinks: keep: "0": want a number of 1 or more`,
		"sinks:\n- {type: stdout, format: xml}\n":                           `line 2: sinks: format: "xml": want one of text, json`,
		"sinks:\n- {type: stdout, filter: prt 5}\n":                         `line 2: sinks: filter: "prt 5": filter: there is no field "prt": did you mean port?`,
		"sinks:\n- {type: otlp, endpoint: 'localhost:4318'}\n":              `line 2: sinks: endpoint: "localhost:4318": want a URL`,
		"sinks:\n- {type: otlp, endpoint: 'http://x', headers: a}\n":        `line 2: sinks: headers: want name=value`,
		"sinks:\n- {type: otlp, endpoint: 'http://x', timeout: 5}\n":        `line 2: sinks: timeout: "5": want a time such as 10s`,
		"sinks:\n- {type: clickhouse, address: 'http://x:9000'}\n":          `line 2: sinks: address: "http://x:9000": port 9000 is that of the native protocol`,
		"sinks:\n- {type: clickhouse, address: 'http://x', table: 'a b'}\n": `line 2: sinks: table: "a b": want a database and a table`,
		"sinks:\n- {type: journal}\n- {type: journal}\n":                    "line 1: sinks: two sinks are called journal; give one of them a name, such as name: journal-2",
		"sinks:\n- {type: file, path: /a}\n- {type: file, name: b, path: /b/../a}\n": "line 1: sinks: two sinks write to /a; give each its own file",
		"direction: observed\n": "line 1: direction observed: only a capture has such events: rsttrace read FILE",
	} {
		_, err := loadServe(t, file)
		var inFile *fileError
		if !errors.As(err, &inFile) {
			t.Errorf("%q: %v, want a mistake in the file", file, err)
			continue
		}
		text := strings.TrimPrefix(err.Error(), inFile.path+": ")
		if !strings.HasPrefix(text, want) || strings.Contains(text, "\n") {
			t.Errorf("%q:\n got %s\nwant %s", file, text, want)
		}
	}
}

// TestCheck: the exit status says whether the settings are right, and a line why not.
func TestCheck(t *testing.T) {
	good := settingsFile(t, "good.yml", "max-rate: 5\nsinks:\n- {type: file, path: /var/log/x}\n")
	bad := settingsFile(t, "bad.yml", "\nmax-rat: 5\n")
	for _, test := range []struct {
		args         []string
		code         int
		stdout, line string
	}{
		{[]string{"--check"}, exitFine, "rsttrace: the command line is right\n", ""},
		{[]string{"--check", "--config", good}, exitFine, "rsttrace: " + good + " is right\n", ""},
		{[]string{"--check", "--config", bad}, exitUsage, "", "rsttrace: " + bad + `: line 2: there is no setting "max-rat"; did you mean max-rate?` + "\n"},
		{[]string{"--config", bad}, exitUsage, "", "rsttrace: " + bad + `: line 2: there is no setting "max-rat"; did you mean max-rate?` + "\n"},
		{[]string{"--check", "--config", "/no/such/file"}, exitFailed, "", "rsttrace: --config: open /no/such/file: no such file or directory\n"},
		{[]string{"--check", "--metrics.owners", "0"}, exitUsage, "", "rsttrace: --metrics.owners: 0: want 1 or more (see rsttrace serve --help)\n"},
		{[]string{"--check", "--filter", "sent", "received"}, exitUsage, "", "rsttrace: --filter: there is a filter in the arguments, too; leave one out (see rsttrace serve --help)\n"},
	} {
		p := command(t, append([]string{"serve"}, test.args...)...)
		if code := p.finish(t); code != test.code || p.stdout.String() != test.stdout || p.stderr.String() != test.line {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q", test.args, code, &p.stdout, &p.stderr)
		}
	}
}

// TestFixed: settings that need a restart are named, and no others.
func TestFixed(t *testing.T) {
	before, err := loadServe(t, "max-rate: 5\n")
	if err != nil {
		t.Fatal(err)
	}
	after, err := loadServe(t, "max-rate: 6\nfilter: sent\nport: 80\nsinks: [{type: stdout}]\nweb.listen-address: ':1'\n")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"max-rate", "web.listen-address"}, after.fixed(before)); diff != "" {
		t.Error(diff)
	}
}

// TestSinkTable: every type of sink can be opened with what its examples say, and its
// options are checked.
func TestSinkTable(t *testing.T) {
	for _, row := range sinkTypes {
		o := sinkOptions{"type": row.name}
		for _, option := range slices.Concat(commonSinkOptions, row.options) {
			if option.name != "type" {
				o[option.name] = option.example
			}
		}
		if err := o.check(); err != nil {
			t.Errorf("%s: its own examples are refused: %v", row.name, err)
		}
	}
}
