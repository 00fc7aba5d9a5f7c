package cgroup

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"
)

// TestEngineThatHangs: an engine that accepts and never answers holds nobody up
// for longer than one question, however many containers there are. It is tried
// again later, and has a name for each container then.
func TestEngineThatHangs(t *testing.T) {
	h := newHost(t, onlyV2)
	var groups []uint64
	for i := range 30 {
		groups = append(groups, h.mkdir(fmt.Sprintf("sys/fs/cgroup/docker/%064x", i)))
	}
	var asked atomic.Int32
	var answers atomic.Bool
	serve(t, h.path("run/docker.sock"), func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if !answers.Load() {
			<-r.Context().Done()
			return
		}
		id := r.URL.Path[len("/containers/"):][:64]
		fmt.Fprintf(w, `{"Id":%q,"Name":"/name-%s"}`, id, id[62:])
	})
	r, clock := h.open(Options{ByName: true})
	r.engines[0].breaker = newBreaker(3 * time.Second) // not all of engineRest has to be waited for
	settled := func() bool {
		for _, group := range groups {
			if _, pending := r.Pending(resetOf(group, 0)); pending {
				return false
			}
		}
		return true
	}
	settled()
	eventually(t, "no answer is waited for", settled)
	if n := asked.Load(); n > namesWorkers {
		t.Errorf("asked %d times, want no more than %d questions at once", n, namesWorkers)
	}
	if told := r.SilentEngines(); len(told) != 1 || !strings.HasPrefix(told[0].Error(), "docker does not answer") {
		t.Errorf("told: %v", told)
	}
	if told := r.SilentEngines(); len(told) != 0 {
		t.Errorf("told again: %v", told)
	}
	*clock = clock.Add(askAgain)
	if !settled() {
		t.Error("a name is waited for while the engine is down")
	}
	answers.Store(true)
	eventually(t, "it is tried again", func() bool {
		*clock = clock.Add(askAgain)
		settled()
		owner, _ := r.Pending(resetOf(groups[29], 0))
		return owner.Container == "docker/name-1d"
	})
}

// TestEngineAnswersAreBounded: what an engine sends takes little memory, and a
// name is no longer than that of a file.
func TestEngineAnswersAreBounded(t *testing.T) {
	h := newHost(t, onlyV2)
	long := strings.Repeat("ä", 100_000)
	flood := func(w io.Writer) {
		for range 16 * answerMax >> 10 {
			if _, err := io.WriteString(w, strings.Repeat("N", 1<<10)); err != nil {
				return
			}
		}
	}
	serve(t, h.path("run/docker.sock"), func(w http.ResponseWriter, r *http.Request) {
		id := r.URL.Path[len("/containers/"):][:64]
		switch id[63] {
		case '0':
			fmt.Fprintf(w, `{"Id":%q,"Name":"/%s"}`, id, long)
		case '1':
			fmt.Fprintf(w, `{"Id":%q,"Name":"/`, id)
			flood(w)
		case '2':
			connection, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer connection.Close()
			_, _ = io.WriteString(connection, "HTTP/1.1 200 OK\r\nX: ")
			flood(connection)
		case '3':
			http.Redirect(w, r, "/containers/"+strings.Repeat("0", 64)+"/json", http.StatusFound)
		}
	})
	r, _ := h.open(Options{})
	var groups []uint64
	for i := range 4 {
		groups = append(groups, h.mkdir(fmt.Sprintf("sys/fs/cgroup/docker/%064x", i)))
	}
	name := func(i int) string {
		e := resetOf(groups[i], 0)
		r.Complete(e)
		return e.Owner.Container
	}
	eventually(t, "the long name", func() bool { return strings.HasPrefix(name(0), "docker/ä") })
	if got := strings.TrimPrefix(name(0), "docker/"); len(got) > nameBytes || len(got) < nameBytes-utf8.UTFMax || !utf8.ValidString(got) {
		t.Errorf("a name of %d bytes: %q", len(got), got)
	}
	for i := range 4 {
		name(i)
	}
	eventually(t, "three failures", func() bool { return r.NameFailures() == 3 })
	for i := 1; i < 4; i++ {
		if got, want := name(i), fmt.Sprintf("docker/%064x", i); got != want {
			t.Errorf("named %q, want %q", got, want)
		}
	}
	if told := r.SilentEngines(); len(told) != 0 {
		t.Errorf("who answers nonsense answers: %v", told)
	}
}

// TestEngines: doctor's question is whether an engine answers at all.
func TestEngines(t *testing.T) {
	h := newHost(t, onlyV2)
	if got := Engines(t.Context(), h.root); len(got) != 0 {
		t.Errorf("no engine is here: %v", got)
	}
	serve(t, h.path("run/docker.sock"), func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	serve(t, h.path("run/podman/podman.sock"), func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "OK") })
	got := Engines(t.Context(), h.root)
	if len(got) != 2 || got[0].Runtime != "docker" || got[0].Err == nil || got[1].Runtime != "podman" || got[1].Err != nil {
		t.Errorf("got %v", got)
	}
}
