package peers

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/fleet"
	"github.com/rsttrace/rsttrace/internal/sink/jsonl"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// eventsVariable says how many events the large fleet has, if not a million.
const eventsVariable = "RSTTRACE_FLEET_EVENTS"

// end is an event in the truth.
type end struct {
	host int32
	id   uint32
}

// known is what the truth has of a RST whose both ends have an event.
type known struct {
	sent, got       end
	from, to        event.Endpoint // as the first one has them
	sentAt, gotAt   time.Time
	hasSent, hasGot bool
	oneEnd          bool // an address is the same at both
}

// truth is a sink that remembers what really happened, and passes everything on.
type truth struct {
	event.Sink
	of     [][]fleet.Truth // by host and number of the event
	byRST  map[uint64]*known
	number map[uint64]uint64 // of which RST numbers are; 0: of several
	events int
	keep   map[end]*event.Event // all of them; nil: none is kept
}

func (w *truth) Event(e *event.Event) error {
	w.events++
	said := fleet.TruthOf(e)
	host, err := strconv.Atoi(strings.TrimPrefix(e.HostName, "host-"))
	if err != nil {
		return err
	}
	for len(w.of) <= host {
		w.of = append(w.of, nil)
	}
	for uint64(len(w.of[host])) <= e.ID {
		w.of[host] = append(w.of[host], fleet.Truth{})
	}
	w.of[host][e.ID] = said
	if w.keep != nil {
		w.keep[end{int32(host), uint32(e.ID)}] = e.Clone()
	}
	if e.RST.Seq != 0 || e.RST.Ack != 0 {
		w.numbered(e, said, end{int32(host), uint32(e.ID)})
	}
	return w.Sink.Event(e)
}

func (w *truth) numbered(e *event.Event, said fleet.Truth, at end) {
	numbers := uint64(e.RST.Seq)<<32 | uint64(e.RST.Ack)
	if rst, there := w.number[numbers]; !there {
		w.number[numbers] = said.RST
	} else if rst != said.RST {
		w.number[numbers] = 0
	}
	if !said.Traced || !said.Arrived {
		return
	}
	k := w.byRST[said.RST]
	if k == nil {
		k = new(known)
		w.byRST[said.RST] = k
	}
	from, to := e.Local, e.Peer
	if e.Dir == event.Sent {
		k.hasSent, k.sent, k.sentAt = true, at, e.Time
	} else {
		from, to = to, from
		k.hasGot, k.got, k.gotAt = true, at, e.Time
	}
	if k.hasSent && k.hasGot {
		k.oneEnd = k.from == from || k.to == to
	} else {
		k.from, k.to = from, to
	}
}

// due are the pairs that can be known: the numbers are those of no other RST, both times
// are near, and one address is the same.
func (w *truth) due() map[end]end {
	due := make(map[end]end)
	alone := make(map[uint64]bool)
	for _, rst := range w.number {
		alone[rst] = true
	}
	for rst, k := range w.byRST {
		if apart := k.gotAt.Sub(k.sentAt).Abs(); k.hasSent && k.hasGot && k.oneEnd && alone[rst] && apart <= 2*time.Second {
			due[k.sent] = k.got
		}
	}
	return due
}

// makeUp has a fleet write a file.
func makeUp(t *testing.T, o fleet.Options, keep bool) (w *truth, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "fleet.jsonl")
	file, err := os.Create(path)
	must(t, err)
	defer file.Close()
	lines := jsonl.New(file, jsonl.Options{})
	w = &truth{Sink: lines, byRST: make(map[uint64]*known), number: make(map[uint64]uint64)}
	if keep {
		w.keep = make(map[end]*event.Event)
	}
	o.Start = time.Now().UTC().Add(-4 * time.Hour)
	must(t, fleet.Run(o, w))
	must(t, lines.Flush(time.Time{}))
	return w, path
}

// loaded is a ClickHouse that has the lines of a fleet.
func loaded(t *testing.T, o fleet.Options, keep bool) (c *clickHouse, w *truth, path string) {
	t.Helper()
	c = startClickHouse(t)
	w, path = makeUp(t, o, keep)
	c.run("schema.sql", path)
	c.run("fleet-schema.sql", path)
	c.run("load.sql", path)
	return c, w, path
}

// pair is a row of the views of pairs.
type pair struct{ sent, got end }

// pairs reads the rows of a view. A large answer is read in parts.
func (c *clickHouse) pairs(view string, use func(pair)) {
	c.t.Helper()
	const parts = 16
	for part := range parts {
		text := c.text(fmt.Sprintf(
			"SELECT substring(sent_host, 6), sent_id, substring(got_host, 6), got_id FROM %s WHERE sent_id %% %d = %d FORMAT TSV", view, parts, part))
		for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
			var p pair
			_, err := fmt.Sscan(lines.Text(), &p.sent.host, &p.sent.id, &p.got.host, &p.got.id)
			must(c.t, err)
			use(p)
		}
	}
}

// TestClickHousePairs: the view has the pairs of a large fleet that can be known, and no
// wrong one, whatever the fleet does.
func TestClickHousePairs(t *testing.T) {
	events := 1_000_000
	if text := os.Getenv(eventsVariable); text != "" {
		n, err := strconv.Atoi(text)
		must(t, err)
		events = n
	}
	began := time.Now()
	c, w, _ := loaded(t, fleet.Options{Hosts: 100, Events: events, Rate: 2000, Seed: 7}, false)
	t.Logf("%d events are there after %s, and %s of processor time", w.events, time.Since(began).Round(time.Second), c.busy().Round(time.Second))
	if got := c.number("SELECT count() FROM rsttrace.lines WHERE kind = 'event'"); got != fmt.Sprint(w.events) {
		t.Errorf("%s events of %d", got, w.events)
	}
	c.comparePairs(w)
	byWay, copies := c.compare(w, byWayView)
	if few := len(byWay) / 100; len(byWay) == 0 || copies > few {
		t.Errorf("without numbers there are %d pairs, and %d are of two copies", len(byWay), copies)
	}
	c.logSizes()
	c.logTimes(t)
}

// byWayView has the pairs without numbers of the last day.
const byWayView = "rsttrace.pairs_by_way(begin = now() - INTERVAL 1 DAY, end = now())"

// comparePairs compares the pairs with those that are due. They are returned.
func (c *clickHouse) comparePairs(w *truth) map[end]end {
	c.t.Helper()
	due := w.due()
	found, copies := c.compare(w, "rsttrace.pairs")
	missing := 0
	for sent, got := range due {
		if found[sent] != got {
			missing++
		}
	}
	c.t.Logf("%d pairs are due", len(due))
	if missing > 0 || len(due) < w.events/4 {
		c.t.Errorf("%d pairs of %d are missing, of %d events", missing, len(due), w.events)
	}
	const rare = 10_000
	if copies > len(found)/rare {
		c.t.Errorf("%d of %d pairs are of two copies", copies, len(found))
	}
	return found
}

// compare compares the pairs of a view with the truth. Of a RST that was sent several times
// with the same numbers, nothing distinguishes one copy from the other. So a pair may be of
// two copies, if a tracer has missed the other ends.
func (c *clickHouse) compare(w *truth, view string) (found map[end]end, copies int) {
	c.t.Helper()
	wrong := 0
	found = make(map[end]end)
	c.pairs(view, func(p pair) {
		sent, got := w.of[p.sent.host][p.sent.id], w.of[p.got.host][p.got.id]
		_, twice := found[p.sent]
		switch {
		case twice:
			c.t.Errorf("%+v is there twice", p)
		case sent.RST != got.RST && sent.Traced && got.Traced && nearly(sent.RST, got.RST):
			copies++
		case sent.RST != got.RST || !sent.Traced || !got.Arrived:
			if wrong++; wrong < 10 {
				c.t.Errorf("%+v is a pair of the RSTs %+v and %+v", p, sent, got)
			}
		}
		found[p.sent] = p.got
	})
	c.t.Logf("%s: %d pairs, %d wrong, %d of two copies of a RST", view, len(found), wrong, copies)
	return found, copies
}

// nearly reports whether two numbers are those of copies: they follow each other.
func nearly(a, b uint64) bool { return max(a, b)-min(a, b) < 5 }

// logSizes logs what each table takes.
func (c *clickHouse) logSizes() {
	for _, row := range c.ask("SELECT table, sum(rows) AS n, sum(bytes_on_disk) AS bytes, count() AS parts FROM system.parts WHERE active AND database = 'rsttrace' GROUP BY table ORDER BY table") {
		c.t.Logf("%v: %v rows, %v bytes, %v parts", row["table"], row["n"], row["bytes"], row["parts"])
	}
}

// logTimes logs how long the shipped queries take.
func (c *clickHouse) logTimes(t *testing.T) {
	t.Helper()
	c.text("OPTIMIZE TABLE rsttrace.rsts FINAL") // as the server does by itself, later
	for question, query := range sqlQuestions(t, "fleet.sql") {
		began, before := time.Now(), c.busy()
		rows := c.ask(query)
		t.Logf("%s: %d rows, %d ms, %d ms of processor time", question, len(rows), time.Since(began).Milliseconds(), (c.busy() - before).Milliseconds())
	}
}

// busy is how much processor time the server has had.
func (c *clickHouse) busy() time.Duration {
	c.t.Helper()
	text := read(c.t, fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	_, numbers, _ := strings.Cut(text, ") ")
	fields := strings.Fields(numbers)
	const user, system, tick = 11, 12, 10 * time.Millisecond
	sum := time.Duration(0)
	for _, at := range []int{user, system} {
		n, err := strconv.Atoi(fields[at])
		must(c.t, err)
		sum += time.Duration(n) * tick
	}
	return sum
}
