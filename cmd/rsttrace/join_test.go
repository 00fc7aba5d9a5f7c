package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/fleet"
	"github.com/rsttrace/rsttrace/internal/sink/jsonl"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// fleetFolder has a file for each host of a fleet.
func fleetFolder(t *testing.T, o fleet.Options) string {
	t.Helper()
	folder := t.TempDir()
	var sinks []*jsonl.Sink
	err := fleet.RunEach(o, func(host string) event.Sink {
		file, err := os.Create(filepath.Join(folder, host+".jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { file.Close() })
		sinks = append(sinks, jsonl.New(file, jsonl.Options{}))
		return sinks[len(sinks)-1]
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sinks {
		if err := s.Flush(time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// TestJoin: recordings of hosts come out as one stream whose ends name each other, in every
// format, and a joined recording is one that can be read again.
func TestJoin(t *testing.T) {
	folder := fleetFolder(t, fleet.Options{Hosts: 6, Events: 2000, Rate: 100, Seed: 7, Start: time.Date(2026, 3, 3, 3, 0, 0, 0, time.UTC)})
	recording := filepath.Join(t.TempDir(), "joined.pcapng")
	p := command(t, "join", folder, "-o", "json", "-w", recording, "--clocks")
	if code := p.finish(t); code != exitFine {
		t.Fatalf("exit code %d: %s", code, &p.stderr)
	}
	text := p.stdout.String()
	pairs := strings.Count(text, `"peerHost":{"host":"host-`)
	for _, want := range []string{`"peerSent":{"verdict":"none"`, `"certainty":"likely","because":"its numbers are the same`, `"kind":"finding"`, `"actor":{"host":"host-`, `"kind":"counts"`, `"tookMicros":`} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s", want)
		}
	}
	if pairs < 1000 || pairs%2 != 0 {
		t.Errorf("%d ends have another one", pairs)
	}
	for _, want := range []string{"6 hosts, ", "clocks: host-"} {
		if !strings.Contains(p.stderr.String(), want) {
			t.Errorf("stderr has no %q: %s", want, &p.stderr)
		}
	}
	again := command(t, "read", recording, "--each")
	if code := again.finish(t); code != exitFine {
		t.Fatalf("exit code %d: %s", code, &again.stderr)
	}
	for _, want := range []string{" on host-", "the other end is #", "no socket of a traced host sent it"} {
		if !strings.Contains(again.stdout.String(), want) {
			t.Errorf("the recording has no %q", want)
		}
	}
}

// TestJoinRefuses: one line says what is wrong.
func TestJoinRefuses(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "web-1.jsonl")
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"join"}, exitUsage, "name the files"},
		{[]string{"join", folder}, exitFailed, "there is no file in this folder"},
		{[]string{"join", file}, exitFailed, "there is no file or folder"},
		{[]string{"join", "/dev/null", "/dev/null"}, exitUsage, "the same file twice"},
		{[]string{"join", "/dev/null", "--clock-error", "0s"}, exitUsage, "--clock-error 0s: want more than 0"},
	} {
		checkFailure(t, command(t, tt.args...), tt.code, tt.want)
	}
}
