package yamlflags

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// words is a flag that can be given several times.
type words struct{ list []string }

func (w *words) Type() string   { return "list" }
func (w *words) Repeats()       {}
func (w *words) String() string { return strings.Join(w.list, "|") }

func (w *words) Set(text string) error {
	w.list = append(w.list, text)
	return nil
}

type flags struct {
	*pflag.FlagSet
	rate    uint32
	loud    bool
	wait    time.Duration
	address string
	sinks   words
	config  string
}

func newFlags() *flags {
	f := &flags{FlagSet: pflag.NewFlagSet("test", pflag.ContinueOnError)}
	f.Uint32Var(&f.rate, "max-rate", 1000, "")
	f.BoolVar(&f.loud, "loud", false, "")
	f.DurationVar(&f.wait, "wait", 0, "")
	f.StringVar(&f.address, "web.listen-address", "", "")
	f.Var(&f.sinks, "sink", "")
	SetKey(f.Lookup("sink"), "sinks")
	f.StringVar(&f.config, "config", "", "")
	return f
}

func apply(t *testing.T, content string, given ...string) (*flags, error) {
	t.Helper()
	settings, err := Parse([]byte(content))
	if err != nil {
		return nil, err
	}
	f := newFlags()
	isGiven := func(name string) bool { return strings.Contains(strings.Join(given, " "), name) }
	return f, Apply(settings, f.FlagSet, newFlags().FlagSet, isGiven, "config")
}

func TestApply(t *testing.T) {
	f, err := apply(t, `
# a comment
max-rate: 0x10
loud: true
wait: 1m30s
web:
  listen-address: :10793
sinks:
  - type: file
    path: /var/log/a b.jsonl
  - {type: "stdout"}
  - plain text
`)
	if err != nil {
		t.Fatal(err)
	}
	if f.rate != 16 || !f.loud || f.wait != 90*time.Second || f.address != ":10793" {
		t.Errorf("%+v", f)
	}
	want := []string{"{type: file, path: /var/log/a b.jsonl}", `{type: "stdout"}`, "plain text"}
	if diff := cmp.Diff(want, f.sinks.list); diff != "" {
		t.Error(diff)
	}
	if f, err = apply(t, "web.listen-address: localhost:1\nsinks: []\n"); err != nil || f.address != "localhost:1" || len(f.sinks.list) != 0 {
		t.Errorf("%+v, %v", f, err)
	}
	for _, empty := range []string{"", "\n", "# nothing\n", "---\n"} {
		if _, err := apply(t, empty); err != nil {
			t.Errorf("%q: %v", empty, err)
		}
	}
}

// TestGivenWins: what the command line has is not changed, and yet must be right.
func TestGivenWins(t *testing.T) {
	f, err := apply(t, "max-rate: 7\nloud: true\n", "max-rate")
	if err != nil || f.rate != 1000 || !f.loud {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := apply(t, "max-rate: many\n", "max-rate"); err == nil {
		t.Error("a wrong value is accepted where the command line has another")
	}
}

func TestErrors(t *testing.T) {
	for content, want := range map[string]string{
		"max-rat: 1\n":                       `line 1: there is no setting "max-rat"; did you mean max-rate?`,
		"\n\nmax-rate: many\n":               `line 3: max-rate: "many": want a whole number, 0 or more`,
		"loud: maybe\n":                      `line 1: loud: "maybe": want true or false`,
		"wait: soon\n":                       `line 1: wait: "soon": want a time such as 10s or 5m`,
		"max-rate: [1, 2]\n":                 "line 1: max-rate: it has one value, and no list",
		"max-rate:\n":                        "line 1: max-rate: it has no value; leave it out for the default",
		"max-rate: {a: 1}\n":                 `line 1: there is no setting "max-rate.a"`,
		"max-rate: 1\nloud: on\nmax-rate: 2": "line 3: max-rate: it is already in line 1; leave one out",
		"web: {listen-address: x}\nweb.listen-address: y": "line 2: web.listen-address: it is already in line 1; leave one out",
		"web:\n  listen: x\n":                             `line 2: there is no setting "web.listen"`,
		"config: x\n":                                     "line 1: config is for the command line only",
		"- a\n- b\n":                                      "line 1: want keys with values, such as max-rate: 1000",
		"text":                                            "line 1: want keys with values, such as max-rate: 1000",
		"sinks: [[a]]":                                    "line 1: sinks: a list in a list; want one list",
		"sinks:\n - &a {type: file}\n":                    "line 2: sinks: write the value itself: anchors and aliases are not read",
		"max-rate: &a 5\nloud: *a\n":                      "line 1: max-rate: write the value itself: anchors and aliases are not read",
		"<<: {max-rate: 1}\n":                             "line 1: want a word as the key, such as max-rate",
		"max-rate: 1\n\tloud: true\n":                     "line 2: this is no YAML: ",
		"a: [\n":                                          "this is no YAML: ",
		"? [a, b]\n: c\n":                                 "line 1: want a word as the key, such as max-rate",
		"a: \x00":                                         "this is no YAML: ",
	} {
		_, err := apply(t, content)
		if err == nil {
			t.Errorf("%q is accepted", content)
			continue
		}
		if !strings.HasPrefix(err.Error(), want) && !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %s", content, err, want)
		}
	}
}

// TestComments: they stand wherever YAML allows them.
func TestComments(t *testing.T) {
	settings, err := Parse([]byte("sinks:\n  # for the audit\n  - type: file # of lines\n    # where\n    path: /a\n    # the end\n"))
	if err != nil || len(settings) != 1 || len(settings[0].Values) != 1 {
		t.Fatalf("%+v, %v", settings, err)
	}
	got, err := ParseMap(settings[0].Values[0].Text)
	if diff := cmp.Diff(map[string]string{"type": "file", "path": "/a"}, got); diff != "" || err != nil {
		t.Errorf("%q: %v, %s", settings[0].Values[0].Text, err, diff)
	}
}

func TestParseMap(t *testing.T) {
	for _, text := range []string{"{type: file, path: '/a, b'}", "type: file, path: '/a, b'", " type: file, path: '/a, b' "} {
		got, err := ParseMap(text)
		if diff := cmp.Diff(map[string]string{"type": "file", "path": "/a, b"}, got); diff != "" || err != nil {
			t.Errorf("%s: %v, %s", text, err, diff)
		}
	}
	for _, text := range []string{"", "file", "type: [a, b]", "{", "type: file, type: file"} {
		if got, err := ParseMap(text); err == nil && len(got) > 0 {
			t.Errorf("%q is accepted: %v", text, got)
		}
	}
}

// FuzzParse: any file is accepted or refused in one line.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a: 1", "web: {b: [1, {c: d}]}", "a: &x [*x]", "- ", "? : :", "a: |\n  b\n", "\xff", "a: {<<: *b}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		settings, err := Parse(content)
		if err != nil && (strings.Contains(err.Error(), "\n") || len(settings) > 0) {
			t.Errorf("%q: %q with %d settings", content, err, len(settings))
		}
	})
}
