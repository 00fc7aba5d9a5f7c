package peers

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/fleet"
	"github.com/rsttrace/rsttrace/internal/join"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// fleetPair is a pair with its events.
type fleetPair struct{ sent, got *event.Event }

// TestClickHouseQuestions: the shipped queries about a fleet give what follows from its
// truth. The pairs are the same after all lines have come once more.
func TestClickHouseQuestions(t *testing.T) {
	o := fleet.Options{Hosts: 20, Events: 60_000, Rate: 200, Seed: 1}
	c, w, path := loaded(t, o, true)
	found := c.comparePairs(w)
	again := strings.Replace(statementsOf(t, "load.sql")[0], "SETTINGS ", "SETTINGS insert_deduplicate = 0, ", 1)
	c.text(strings.ReplaceAll(again, "/var/log/rsttrace/resets.jsonl", path))
	if got := c.number("SELECT count() FROM rsttrace.lines WHERE kind = 'event'"); got != fmt.Sprint(2*w.events) {
		t.Errorf("%s events after all came twice, want %d", got, 2*w.events)
	}
	if diff := gocmp.Diff(len(found), len(c.comparePairs(w))); diff != "" {
		t.Error(diff)
	}
	c.text("TRUNCATE TABLE rsttrace.lines") // what other tables have of it stays
	c.text(strings.ReplaceAll(again, "/var/log/rsttrace/resets.jsonl", path))

	var pairs []fleetPair
	for sent, got := range found {
		pairs = append(pairs, fleetPair{w.keep[sent], w.keep[got]})
	}
	queries := sqlQuestions(t, "fleet.sql")
	answer := func(question string) []map[string]any {
		return c.ask(strings.TrimSuffix(take(t, queries, question), "\nLIMIT 100"))
	}
	same := func(question string, want map[string]string, value string, by ...string) {
		t.Helper()
		rows := answer(question)
		some(t, len(rows))
		if diff := gocmp.Diff(want, sqlAnswer(rows, value, by...)); diff != "" {
			t.Errorf("%s\n%s", question, tail(diff))
		}
	}
	same("Who resets whom?", tally(pairs, func(p fleetPair) string {
		return fmt.Sprint(p.sent.HostName, " ", p.sent.Owner.Comm, " ", p.got.HostName, " ", p.sent.Cause)
	}), "resets", "sent_host", "sent_comm", "got_host", "sent_cause")
	same("After which silence does a server no longer know a connection, by path?", silences(pairs), "seconds", "server", "port", "client", "resets")
	same("Which release began it, and how often do resets come since then?", w.releases(), "resets", "workload", "cause", "release")
	same("Which resets did a proxy pass on? It got one, and the same process sent one within a second.", chains(pairs), "resets", "origin", "cause", "proxy", "program", "client")
	c.nobody(w, o, answer, len(found))
	none(t, queries)
}

// tally counts pairs by some of their values.
func tally(pairs []fleetPair, of func(fleetPair) string) map[string]string {
	numbers := map[string]int{}
	for _, p := range pairs {
		numbers[of(p)]++
	}
	texts := map[string]string{}
	for key, n := range numbers {
		texts[key] = fmt.Sprint(n)
	}
	return texts
}

// silences are the shortest ones, by server, port, client and how many there are.
func silences(pairs []fleetPair) map[string]string {
	millis := map[string][]uint64{}
	for _, p := range pairs {
		from, to := p.sent.Local, p.sent.Peer
		if p.sent.Cause != cause.ClosedEarlier || p.got.Peer != from || p.got.Local != to {
			continue
		}
		key := fmt.Sprint(p.got.HostName, " ", to.Port, " ", p.sent.HostName)
		if from.Port < to.Port {
			key = fmt.Sprint(p.sent.HostName, " ", from.Port, " ", p.got.HostName)
		}
		millis[key] = append(millis[key], p.got.Conn.LastReceivedMillis)
	}
	texts := map[string]string{}
	for key, all := range millis {
		if len(all) >= 3 {
			texts[fmt.Sprint(key, " ", len(all))] = fmt.Sprint(float64(slices.Min(all)) / 1000)
		}
	}
	return texts
}

// chains are the pairs whose sender had got a RST within the second before. The latest one
// counts.
func chains(pairs []fleetPair) map[string]string {
	type process struct {
		host string
		pid  uint32
	}
	got := map[process][]fleetPair{}
	for _, p := range pairs {
		of := process{p.got.HostName, p.got.Owner.PID}
		got[of] = append(got[of], p)
	}
	for _, all := range got {
		slices.SortFunc(all, func(a, b fleetPair) int { return a.got.Time.Compare(b.got.Time) })
	}
	var found []string
	for _, b := range pairs {
		all := got[process{b.sent.HostName, b.sent.Owner.PID}]
		at, _ := slices.BinarySearchFunc(all, b.sent.Time, func(a fleetPair, sent time.Time) int {
			return cmp.Or(a.got.Time.Compare(sent), -1) // behind those of the same time
		})
		if at == 0 || b.sent.Time.Sub(all[at-1].got.Time) > time.Second {
			continue
		}
		a := all[at-1]
		found = append(found, fmt.Sprint(a.sent.HostName, " ", a.sent.Cause, " ", a.got.HostName, " ", b.sent.Owner.Comm, " ", b.got.HostName))
	}
	texts := map[string]string{}
	numbers := map[string]int{}
	for _, key := range found {
		numbers[key]++
		texts[key] = fmt.Sprint(numbers[key])
	}
	return texts
}

var podForm = regexp.MustCompile(`^(.+)-([0-9a-z]+)-[0-9a-z]{5}$`)

// releases count the events of each release.
func (w *truth) releases() map[string]string {
	numbers, texts := map[string]int{}, map[string]string{}
	for _, e := range w.keep {
		if m := podForm.FindStringSubmatch(e.Owner.Pod); m != nil {
			key := fmt.Sprint(m[1], " ", e.Cause, " ", m[2])
			numbers[key]++
			texts[key] = fmt.Sprint(numbers[key])
		}
	}
	return texts
}

// nobody: no RST is said to have no sender that a traced host sent. What rsttrace join says
// of the same fleet is the most that can be said.
func (c *clickHouse) nobody(w *truth, o fleet.Options, answer func(string) []map[string]any, pairs int) {
	c.t.Helper()
	joined := join.New(event.NopSink{}, join.Options{})
	o.Start = time.Now().UTC()
	must(c.t, fleet.Run(o, joined))
	must(c.t, joined.End())

	total, wrong := 0, 0
	for _, row := range c.ask("SELECT substring(host, 6) AS host, id, toUInt32(id) AS number FROM rsttrace.nobody_sent(begin = now() - INTERVAL 1 DAY, end = now())") {
		var at end
		_, err := fmt.Sscan(fmt.Sprint(row["host"], " ", row["number"]), &at.host, &at.id)
		must(c.t, err)
		total++
		if w.of[at.host][at.id].Traced {
			wrong++
		}
	}
	most := int(joined.Result().Nobody)
	c.t.Logf("nobody sent %d, rsttrace join says %d; rsttrace join has %d pairs", total, most, joined.Result().Pairs)
	if wrong > 0 || total == 0 || total > most {
		c.t.Errorf("nobody sent %d, and of these a traced host sent %d; rsttrace join says %d", total, wrong, most)
	}
	sum := 0
	for _, row := range answer("Which resets did nobody send?") {
		n, isNumber := row["resets"].(float64)
		if !isNumber || row["claims_to_be"] == "" {
			c.t.Errorf("%v", row)
		}
		sum += int(n)
	}
	known := answer("Of how many resets are both ends known?")
	if sum != total || len(known) != 1 || known[0]["both_known"] != float64(pairs) || known[0]["nobody_sent"] != float64(total) {
		c.t.Errorf("%d by host, %d in all; %v", sum, total, known)
	}
}
