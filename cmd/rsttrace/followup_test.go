package main

import (
	"regexp"
	"testing"
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
		` … \d+ ms later lab-client\[(\d+)\] got SIGPIPE \(\S+, wrote-after-peer-close\)$.*` +
		` … \d+ ms later lab-client\[(\d+)\] got SIGPIPE and was terminated by it \(\S+, wrote-after-peer-close\)$`
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
	const line = `(?m)^\{"kind":"followup","time":"[^"]+","event":\d+,"what":"sigpipe","pid":\d+,"tid":\d+,"comm":"lab-client","afterMicros":\d+(,"ended":true)?\}$`
	found := regexp.MustCompile(line).FindAllStringSubmatch(p.stdout.String(), -1)
	if len(found) != 2 || found[0][1] != "" || found[1][1] == "" {
		t.Errorf("want one that it handles and one that ends it, found %q in:\n%s", found, &p.stdout)
	}
}
