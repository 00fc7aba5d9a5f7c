package main

import (
	"regexp"
	"testing"
)

func TestLabText(t *testing.T) {
	needRoot(t)
	p := command(t, "lab", "closed-port")
	if code := p.finish(t); code != exitFine || p.stderr.Len() > 0 {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
	for _, want := range []string{
		`(?m)^== closed-port: `,
		`(?m) RECEIVED .* refused +lab-client\[\d+\].* ECONNREFUSED `,
		`(?m)^ +client .* connects to .*: connect gives ECONNREFUSED$`,
	} {
		if !regexp.MustCompile(want).MatchString(p.stdout.String()) {
			t.Errorf("stdout does not match %s:\n%s", want, &p.stdout)
		}
	}
}

func TestLabJSON(t *testing.T) {
	needRoot(t)
	for _, family := range []string{"ipv4", "ipv6"} {
		p := command(t, "lab", "closed-port", "-o", "json", "--family", family)
		if code := p.finish(t); code != exitFine || p.stderr.Len() > 0 {
			t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
		}
		events, _ := decodeLines(t, p.stdout.String())
		refused := 0
		for _, e := range events {
			if e["family"] != family {
				t.Errorf("an event of another family: %v", e)
			}
			if e["cause"] != "refused" {
				continue
			}
			refused++
			if owner, ok := e["owner"].(map[string]any); !ok || owner["comm"] != "lab-client" {
				t.Errorf("the owner of the client's socket is %v", owner)
			}
		}
		if refused != 1 {
			t.Errorf("%d refused connections in %d events, want 1", refused, len(events))
		}
	}
}
