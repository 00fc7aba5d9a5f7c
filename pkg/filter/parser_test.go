package filter

import (
	"errors"
	"strings"
	"testing"
)

// TestParseWrites: what String writes is the same filter in one form.
func TestParseWrites(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"  # all of it\n":                  "",
		"sent":                             "sent",
		"SENT and Port 443":                "sent and port 443",
		"port=443 && cause in (peer-gone)": "port 443 and cause peer-gone",
		"port == 443 || port != 80":        "port 443 or port != 80",
		"!comm nginx":                      "not comm nginx",
		"not not sent":                     "not not sent",
		"sent or received and port 1":      "sent or received and port 1",
		"(sent or received) and port 1":    "(sent or received) and port 1",
		"not (sent and port 1)":            "not (sent and port 1)",
		"not (sent)":                       "not sent",
		"((sent))":                         "sent",
		"cause in (Peer-Gone, half-open)":  "cause peer-gone or cause half-open",
		"likely and cause in (refused, peer-gone)": "likely and (cause refused or cause peer-gone)",
		"silence > 300s":                         "silence > 300s",
		"lost>=1M and age<1h":                    "lost >= 1M and age < 1h",
		`comm "tmux: server"`:                    `comm "tmux: server"`,
		`comm 'a"b\'c'`:                          `comm "a\"b'c"`,
		`container "and"`:                        `container "and"`,
		`comm ~ "^php.*fpm"`:                     `comm ~ ^php.*fpm`,
		"host 2001:db8::/32 # ours\nand sent":    "host 2001:db8::/32 and sent",
		"has age and not has pod":                "has age and not has pod",
		"pid in (1,2,3)":                         "pid 1 or pid 2 or pid 3",
		"cgroup /system.slice/nginx.service":     "cgroup /system.slice/nginx.service",
		"local.port 22 and peer.addr 10.0.0.0/8": "local.port 22 and peer.addr 10.0.0.0/8",
	} {
		f, err := Parse(text, Vocabulary{})
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := f.String(); got != want {
			t.Errorf("%q: wrote %q, want %q", text, got, want)
		}
		again, err := Parse(f.String(), Vocabulary{})
		if err != nil || again.String() != f.String() {
			t.Errorf("%q: read again %q, %v", f.String(), again, err)
		}
	}
}

// TestParseErrors: what is wrong, where, and what to write instead.
func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"sent and":           "filter: the filter ends too early: add a test, such as port 443\n    sent and\n            ^",
		"prot 443":           "filter: there is no field \"prot\": did you mean port?\n    prot 443\n    ^^^^",
		"peer-gone":          "filter: there is no field \"peer-gone\": did you mean cause peer-gone?\n    peer-gone\n    ^^^^^^^^^",
		"xyzzy 1":            "filter: there is no field \"xyzzy\": rsttrace explain filter lists all fields\n    xyzzy 1\n    ^^^^^",
		"port http":          "filter: bad port \"http\": want 1 to 65535 or a range such as 8000-8100\n    port http\n         ^^^^",
		"cause peer-gon":     "filter: unknown cause \"peer-gon\": did you mean peer-gone?\n    cause peer-gon\n          ^^^^^^^^",
		"state OPEN":         "filter: unknown state \"OPEN\": want ESTABLISHED, SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN, CLOSING, NEW_SYN_RECV\n    state OPEN\n          ^^^^",
		"(sent or received":  "filter: this parenthesis has no end: add )\n    (sent or received\n    ^",
		"sent)":              "filter: this parenthesis was not opened: leave it out\n    sent)\n        ^",
		"port in (80, 443":   "filter: this parenthesis has no end: add )\n    port in (80, 443\n            ^",
		"port in 80":         "filter: after in a list is expected: write port in (a, b)\n    port in 80\n            ^^",
		"port (80, 443)":     "filter: a list needs the word in: write port in (…)\n    port (80, 443)\n         ^",
		"port 80, 443":       "filter: a list of values needs parentheses: write port in (80, 443)\n    port 80, 443\n           ^",
		"port in (80 443)":   "filter: between two values a comma is expected: write a, b\n    port in (80 443)\n                ^^^",
		"port in ()":         "filter: here a value of port is expected: such as port 8000-8100\n    port in ()\n             ^",
		"sent port 443":      "filter: between two tests a word is missing: write and, or or\n    sent port 443\n         ^^^^",
		"comm < nginx":       "filter: comm cannot be compared with <: use one of = != ~\n    comm < nginx\n         ^",
		"sent = 1":           "filter: sent takes no value: write sent or not sent\n    sent = 1\n         ^",
		"port":               "filter: port needs a value: such as port 8000-8100\n    port\n        ^",
		"port and sent":      "filter: port needs a value before and: such as port 8000-8100\n    port and sent\n         ^^^",
		`comm ""`:            "filter: the value of comm is empty: such as not comm nginx\n    comm \"\"\n         ^^",
		`comm "nginx`:        "filter: this quote has no end: add \" behind the name\n    comm \"nginx\n         ^",
		"silence > 300":      "filter: bad time \"300\": want a number with a unit, such as 300ms, 30s, 5m or 1h\n    silence > 300\n              ^^^",
		"lost > 5x":          "filter: bad size \"5x\": want a number of bytes, such as 1500, 64k or 1M\n    lost > 5x\n           ^^",
		"sent & received":    "filter: unknown sign &: write &&\n    sent & received\n         ^",
		"comm ~ '('":         "filter: bad regular expression: missing closing ): `(`\n    comm ~ '('\n           ^^^",
		"has sent":           "filter: sent is a test by itself: write sent\n    has sent\n        ^^^^",
		"sent\n  and prot 1": "filter: there is no field \"prot\": did you mean port?\n      and prot 1\n          ^^^^",
		"comm \x1b[31m and":  "",
	} {
		_, err := Parse(text, Vocabulary{})
		var syntax *SyntaxError
		if want == "" { // only that nothing moves the cursor
			if err == nil || strings.ContainsRune(err.Error(), 0x1b) {
				t.Errorf("%q: %q", text, err)
			}
			continue
		}
		if !errors.As(err, &syntax) {
			t.Errorf("%q: got %v, want a SyntaxError", text, err)
			continue
		}
		if err.Error() != want {
			t.Errorf("%q:\n%s\nwant\n%s", text, err, want)
		}
	}
}

func TestParseIsBounded(t *testing.T) {
	deep := strings.Repeat("(", 100_000) + "sent" + strings.Repeat(")", 100_000)
	if _, err := Parse(deep, Vocabulary{}); err == nil {
		t.Error("100 000 parentheses are accepted")
	}
	if _, err := Parse(strings.Repeat("not ", 100_000)+"sent", Vocabulary{}); err == nil {
		t.Error("100 000 negations are accepted")
	}
}

// TestExamples: every example of a field is a filter with that field.
func TestExamples(t *testing.T) {
	for _, field := range Fields() {
		f, err := Parse(field.Example, Vocabulary{})
		if err != nil {
			t.Errorf("%s: %v", field.Name, err)
			continue
		}
		found := false
		for test := range f.tests() {
			found = found || test.field == field
		}
		if !found {
			t.Errorf("%s: its example %q is about another field", field.Name, field.Example)
		}
		if field.Help == "" || strings.HasSuffix(field.Help, ".") {
			t.Errorf("%s: help %q", field.Name, field.Help)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"sent and port 443", "not (comm nginx or pid 1) and silence > 300s", `comm "a\"b" || has age`, "cause in (peer-gone, half-open)",
		"port 1-2 # x\nand host ::1/128", "((((", "comm ~ [", "netns 1 && !sent", "ɐ = ɐ",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := Parse(text, Vocabulary{})
		if err != nil {
			if strings.Count(err.Error(), "\n") != 2 {
				t.Errorf("%q: error of other than three lines: %q", text, err)
			}
			return
		}
		written := filter.String()
		again, err := Parse(written, Vocabulary{})
		if err != nil {
			t.Fatalf("%q became %q: %v", text, written, err)
		}
		if again.String() != written {
			t.Errorf("%q became %q, and then %q", text, written, again)
		}
	})
}
