package stories

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Stories under load: how many resets there are, and which of the causes each has, is up to
// chance. What they are together is not.

// incident is a finding as a story under load expects it at the end.
type incident struct {
	Pattern  event.PatternID
	Actor    string // COMM[PID]
	Harmless bool
	Says     []string
}

// expectIncidents ends rsttrace and compares its findings with what the story did. Each RST
// that a kernel has counted must be an event.
func (s *story) expectIncidents(block string, want ...incident) {
	s.Helper()
	s.trace.json.end()
	events, _ := s.events()
	for _, h := range s.hosts {
		sent := uint64(0)
		for _, e := range events {
			if s.hostOf(e) == h.name && e.Dir == event.Sent {
				sent++
			}
		}
		if grown := h.outRsts() - h.sentAt; grown != sent {
			s.Errorf("%s: the kernel counted %d sent RSTs, rsttrace shows %d", h.name, grown, sent)
		}
	}
	got := s.totals()
	if len(got) != len(want) {
		s.Errorf("%d findings, want %d", len(got), len(want))
	}
	for _, w := range want {
		if !slices.ContainsFunc(got, func(f event.Finding) bool { return w.is(&f) }) {
			s.Errorf("no finding is %+v", w)
		}
	}
	if s.Failed() {
		for _, f := range got {
			s.Logf("%s of %s[%d]: %s. %s", f.Pattern, f.Actor.Owner.Comm, f.Actor.Owner.PID, f.Summary, f.Remedy)
		}
		s.Fatal(s.said())
	}
	if s.trace.text != nil {
		s.trace.text.end()
		s.writeBlock(block, s.trace.text.shownWithTotals())
	}
	_, text, _ := s.block(block)
	for _, w := range want {
		for _, words := range append([]string{string(w.Pattern)}, w.Says...) {
			if !strings.Contains(plain(text), plain(words)) {
				s.Errorf("the page does not have in %q, as make stories-docs would write it: %s", block, words)
			}
		}
	}
}

func (w *incident) is(f *event.Finding) bool {
	for _, words := range w.Says {
		if !strings.Contains(f.Summary+" "+f.Remedy, words) {
			return false
		}
	}
	return f.Pattern == w.Pattern && f.Harmless == w.Harmless && owner(f.Actor.Owner.Comm, int(f.Actor.Owner.PID)) == w.Actor
}

// totals are the findings as rsttrace ranks them at the end.
func (s *story) totals() (all []event.Finding) {
	s.Helper()
	for _, f := range s.allFindings() {
		if f.Phase == event.FindingTotal {
			all = append(all, f)
		}
	}
	return all
}

// busy returns once a server has so many connections, and has had them for a while.
func (h *host) busy(port uint16, connections int) {
	h.story.Helper()
	h.story.await(fmt.Sprintf("%s has %d connections", h.name, connections), func() bool {
		n := 0
		for _, k := range h.sockets() {
			if k.local.Port() == port && k.state == event.StateEstablished {
				n++
			}
		}
		return n >= connections
	})
	time.Sleep(200 * time.Millisecond) // each has had answers
}

const loaders = 20

// pageServer is nginx with a page of 200 kB.
func (s *story) pageServer(h *host) (nginx *program, worker int) {
	s.Helper()
	root := s.TempDir()
	s.must(os.WriteFile(filepath.Join(root, "page"), make([]byte, 200_000), 0o644))
	s.must(os.Chmod(root, 0o755))
	return h.nginx(80, fmt.Sprintf("server { listen 80; root %s; }", root))
}

// TestReloadUnderLoad: nginx is reloaded while wrk keeps all of its connections busy.
func TestReloadUnderLoad(t *testing.T) {
	s := newStory(t, "nginx", "wrk")
	client, server := s.host("client"), s.host("server")
	address := s.wire(client, server)
	nginx, worker := s.pageServer(server)
	s.watch()
	wrk := client.start("wrk", "-t1", fmt.Sprint("-c", loaders), "-d60s", "http://"+address+"/page")
	server.busy(80, loaders)
	// On a busy machine most connections may lie between two requests by chance.
	const many = 5
	old := worker
	s.await("a reload has met many requests", func() bool {
		before := server.outRsts()
		old = worker
		nginx.signal(unix.SIGHUP)
		s.await("the old worker has ended", func() bool { return unix.Kill(old, 0) != nil })
		worker = nginx.worker()
		time.Sleep(500 * time.Millisecond)
		return server.outRsts()-before >= many
	})
	wrk.signal(unix.SIGKILL)
	wrk.wait()
	s.settled()
	s.expectIncidents("nginx-reload",
		incident{Pattern: "closed-under-request", Actor: owner("nginx", old), Says: []string{"on which it had answered before", "all within", "a reload, a restart or a stop of nginx"}},
		incident{Pattern: "process-died", Actor: owner("wrk", wrk.pid()), Says: []string{"was killed by SIGKILL", "Find out what made stories.test"}})
}

// TestWorkerKilledUnderLoad: a worker of nginx is killed while ab keeps it busy.
func TestWorkerKilledUnderLoad(t *testing.T) {
	s := newStory(t, "nginx", "ab")
	client, server := s.host("client"), s.host("server")
	address := s.wire(client, server)
	_, worker := s.pageServer(server)
	s.watch()
	ab := client.start("ab", "-k", "-c", fmt.Sprint(loaders), "-n", "10000000", "http://"+address+"/page")
	server.busy(80, loaders)
	s.must(unix.Kill(worker, unix.SIGKILL))
	if code := ab.wait(); code == 0 {
		t.Error("ab has noticed nothing")
	}
	s.settled()
	s.expectIncidents("nginx-worker-killed",
		incident{Pattern: "process-died", Actor: owner("nginx", worker), Says: []string{"was killed by SIGKILL", "Find out what made stories.test"}})
}

// pool is a client that sends queries on ten connections, and reads answers when it has time.
const pool = `
import socket, sys, threading
def query():
    s = socket.create_connection((sys.argv[1], 5432))
    def message(kind, body):
        return kind + (len(body) + 4).to_bytes(4, "big") + body
    s.sendall(message(b"", (3 << 16).to_bytes(4, "big") + b"user\0postgres\0\0"))
    while True:
        s.sendall(message(b"Q", b"SELECT repeat('x', 100000) FROM generate_series(1, 20)\0"))
        s.recv(1000)
for i in range(5):
    threading.Thread(target=query).start()
`

// TestPoolKilled: a process with a pool of connections to a database is killed in the middle of
// its queries.
func TestPoolKilled(t *testing.T) {
	s := newStory(t, "postgres", "initdb", "python3", "setpriv")
	client, server := s.host("client"), s.host("server")
	address := s.wire(client, server)
	server.postgres()
	s.watch()
	const connections = 5
	app := client.start("python3", s.file("pool.py", pool), address)
	server.busy(postgresPort, connections)
	app.signal(unix.SIGKILL)
	app.wait()
	s.settled()
	s.expectIncidents("pool-killed",
		incident{Pattern: "process-died", Actor: owner("python3", app.pid()), Says: []string{"was killed by SIGKILL", "5 connections ended with it", "Find out what made stories.test"}})
}

// settled returns once no host has sent a RST for a while.
func (s *story) settled() {
	s.Helper()
	before := uint64(0)
	s.await("no more RSTs are sent", func() bool {
		time.Sleep(300 * time.Millisecond)
		now := uint64(0)
		for _, h := range s.hosts {
			now += h.outRsts()
		}
		still := now == before
		before = now
		return still
	})
}
