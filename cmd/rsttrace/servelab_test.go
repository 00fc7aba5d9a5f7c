package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// atMost reports whether no number is larger than in other counts.
func atMost(counts, other map[seriesKey]uint64) bool {
	for key, n := range counts {
		if n > other[key] {
			return false
		}
	}
	return true
}

// shownEvent is what the tests read of an event in JSON lines.
type shownEvent struct {
	Kind        event.Kind
	Dir, Cause  string
	Local, Peer event.Endpoint
	Owner       struct{ Comm string }
}

// ends are the facts of an event that every tracer sees alike.
func (e *shownEvent) ends() string { return fmt.Sprint(e.Dir, " ", e.Cause, " ", e.Local, " ", e.Peer) }

// ofLab reports whether an event is one of the lab's processes.
func (e *shownEvent) ofLab() bool { return strings.HasPrefix(e.Owner.Comm, "lab-") }

// eventsIn are the events in JSON lines. A last line that is half written is left out.
func eventsIn(t *testing.T, lines io.Reader) (events []shownEvent) {
	t.Helper()
	for reader := bufio.NewReader(lines); ; {
		line, err := reader.ReadBytes('\n')
		if err != nil {
			return events
		}
		var e shownEvent
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if e.Kind == event.KindEvent {
			events = append(events, e)
		}
	}
}

func eventsInFile(t *testing.T, path string) []shownEvent {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	return eventsIn(t, file)
}

// countOf counts events by direction and cause, and by owner if that is asked for.
func countOf(events []shownEvent, owned bool) map[seriesKey]uint64 {
	counts := make(map[seriesKey]uint64)
	for i := range events {
		key := seriesKey{dir: events[i].Dir, cause: events[i].Cause}
		if owned {
			key.owner = events[i].Owner.Comm
		}
		counts[key]++
	}
	return counts
}

// playLab plays scenarios, and returns their events as the lab itself has seen them.
func playLab(t *testing.T, scenarios ...string) (played []shownEvent) {
	t.Helper()
	for _, scenario := range scenarios {
		lab := command(t, "lab", scenario, "-o", "json")
		if code := lab.finish(t); code != exitFine {
			t.Fatalf("lab %s: exit code %d, stderr: %s", scenario, code, &lab.stderr)
		}
		played = append(played, eventsIn(t, &lab.stdout)...)
	}
	return played
}

// lookOn collects the events of /events.
type lookOn struct {
	mu     sync.Mutex
	events []shownEvent
	ended  chan error // nil: as it should
}

func startLookingOn(t *testing.T, url string) *lookOn {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	s := &lookOn{ended: make(chan error, 1)}
	go func() {
		lines := bufio.NewScanner(answer.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var e shownEvent
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				s.ended <- err
				return
			}
			if e.Kind == event.KindEvent {
				s.mu.Lock()
				s.events = append(s.events, e)
				s.mu.Unlock()
			}
		}
		s.ended <- lines.Err()
	}()
	return s
}

func (s *lookOn) soFar() []shownEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// TestServeCountsTheLab: the lab provokes resets, and the metrics have exactly these. The
// other witnesses are the lines of a sink, which has all of the run, and those of the lab.
//
// Others on the host are reset, too, at any time. So the lines must lie between the counts of
// one scrape and those of a later one. Only what belongs to the lab is compared for equality.
func TestServeCountsTheLab(t *testing.T) {
	needRoot(t)
	path := filepath.Join(openFolder(t), "events.jsonl")
	p, url := startServe(t, "--max-rate", "0", "--sink", "type: file, path: "+path)
	received := startLookingOn(t, url+"/events?filter=comm+lab-client+or+comm+lab-server")
	played := playLab(t, "closed-port", "unread-data", "linger-zero")
	if kinds := countOf(played, true); len(kinds) < 4 {
		t.Fatalf("the lab has played %v: too little to compare", kinds)
	}

	families := scrape(t, url)
	exact := counted(families, "rsttrace_resets_total")
	var lines []shownEvent
	waitUntil(t, "the sink has what was counted", func() bool {
		lines = eventsInFile(t, path)
		return atMost(exact, countOf(lines, false)) && len(lackingIn(lines, played)) == 0
	})
	families = scrape(t, url)
	if later := counted(families, "rsttrace_resets_total"); !atMost(countOf(lines, false), later) {
		t.Errorf("the sink has %v, more than the exact counts %v", countOf(lines, false), later)
	}
	if lost := families["rsttrace_events_lost_total"].GetMetric()[0].GetCounter().GetValue(); lost > 0 {
		t.Errorf("the details of %v events are lost", lost)
	}

	checkOwners(t, lines, played)
	ofLab := slices.DeleteFunc(slices.Clone(lines), func(e shownEvent) bool { return !e.ofLab() })
	if got, want := ofLabOnly(counted(families, "rsttrace_owner_resets_total")), countOf(ofLab, true); !cmp.Equal(got, want) {
		t.Errorf("by owner the metrics have %v, and the sink %v", got, want)
	}
	waitUntil(t, "/events has the lab's", func() bool { return len(received.soFar()) >= len(ofLab) })
	if got := received.soFar(); !slices.Equal(got, ofLab) {
		t.Errorf("/events has %v, and the sink %v", got, ofLab)
	}
	if err := p.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(t); code != exitFine {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
	if err := <-received.ended; err != nil {
		t.Errorf("the stream did not end as it should: %v", err)
	}
}

// ofLabOnly are the counts of the lab's processes.
func ofLabOnly(counts map[seriesKey]uint64) map[seriesKey]uint64 {
	maps.DeleteFunc(counts, func(key seriesKey, _ uint64) bool { return !strings.HasPrefix(key.owner, "lab-") })
	return counts
}

// lackingIn are the events of the lab that are not among the lines.
func lackingIn(lines, played []shownEvent) (lacking []string) {
	there := make(map[string]bool)
	for i := range lines {
		there[lines[i].ends()] = true
	}
	for i := range played {
		if ends := played[i].ends(); !there[ends] {
			lacking = append(lacking, ends)
		}
	}
	return lacking
}

// checkOwners: both tracers look for the owner themselves. On a machine without time one of
// them may look after the process has ended, so an owner may be missing, but never be another
// one.
func checkOwners(t *testing.T, lines, played []shownEvent) {
	t.Helper()
	owners := make(map[string][]string)
	for i := range lines {
		owners[lines[i].ends()] = append(owners[lines[i].ends()], lines[i].Owner.Comm)
	}
	for i := range played {
		want, there := played[i].Owner.Comm, owners[played[i].ends()]
		if want != "" && !slices.Contains(there, want) && !slices.Contains(there, "") {
			t.Errorf("%s: the owner is %s, and in the sink %q", played[i].ends(), want, there)
		}
	}
}
