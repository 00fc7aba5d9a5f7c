package peers

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/fleet"
	"github.com/rsttrace/rsttrace/internal/sink/otlp"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// smallFleet is what both tests of VictoriaLogs have.
var smallFleet = fleet.Options{Hosts: 20, Events: 6000, Rate: 200, Seed: 1}

// TestVictoriaLogsFleet: the queries of the page find in the lines of a fleet what follows
// from its truth.
func TestVictoriaLogsFleet(t *testing.T) {
	v := startVictoriaLogs(t, t.TempDir())
	w, path := makeUp(t, smallFleet, true)
	v.run(block(t, "curl -sSf -H 'Content-Type: application/stream+json'"), path)
	v.awaitCount("kind:=event", w.events)

	queries := logsQL(t, "# Who resets whom?")
	pairs := w.lonelyPairs(t)
	v.expect(queries, "Who resets whom?", tally(pairs, func(p fleetPair) string {
		return fmt.Sprint(p.sent.HostName, " ", p.sent.Owner.Comm, " ", p.got.HostName, " ", p.sent.Cause)
	}), tabled("resets", "sender", "program", "receiver", "reason"))
	v.expect(queries, "After which silence does a server no longer know a connection, by path?", w.goneAfter(), tabled("shortest", "host", "peer.addr", "peer.port", "resets"))
	v.expect(queries, "Which release began it?", w.releases(), tabled("resets", "workload", "cause", "release"))
	v.expect(queries, "Which processes got a RST and sent one within the same two seconds?", w.passing(), tabled("times", "host", "owner.comm"))
	none(t, queries)
}

// TestVictoriaLogsFleetByOTLP: the same for log records.
func TestVictoriaLogsFleetByOTLP(t *testing.T) {
	v := startVictoriaLogs(t, t.TempDir())
	w, _ := makeUp(t, smallFleet, true)
	outs := make(map[string]*otlp.Sink)
	for _, e := range w.inOrder() {
		out := outs[e.HostName]
		if out == nil {
			var err error
			out, err = otlp.New(otlp.Options{Endpoint: "http://" + v.address + "/insert/opentelemetry/v1/logs", Host: event.Host{HostName: e.HostName}})
			must(t, err)
			outs[e.HostName] = out
		}
		must(t, out.Event(e))
	}
	for _, out := range outs {
		must(t, out.Flush(time.Time{}))
		must(t, out.Close())
	}
	v.awaitCount("event_name:=tcp.reset", w.events)
	queries := logsQL(t, "# Who resets whom, by OTLP?")
	v.expect(queries, "Who resets whom, by OTLP?", tally(w.lonelyPairs(t), func(p fleetPair) string {
		return fmt.Sprint(p.sent.HostName, " ", p.got.HostName, " ", p.sent.Cause)
	}), tabled("resets", "sender", "receiver", "reason"))
	none(t, queries)
}

// inOrder are the events of each host in the order of their numbers.
func (w *truth) inOrder() (all []*event.Event) {
	for host, of := range w.of {
		for id := range of {
			if e := w.keep[end{int32(host), uint32(id)}]; e != nil {
				all = append(all, e)
			}
		}
	}
	return all
}

// lonelyPairs are the events with the same addresses and numbers, if there is just one that
// was sent and one that came. The truth must not know better.
func (w *truth) lonelyPairs(t *testing.T) (pairs []fleetPair) {
	t.Helper()
	type key struct {
		flow     string
		seq, ack uint32
	}
	sent, got := map[key][]*event.Event{}, map[key][]*event.Event{}
	for _, e := range w.keep {
		if e.RST.Flags == 0 {
			continue
		}
		k := key{e.CommunityID, e.RST.Seq, e.RST.Ack}
		if e.Dir == event.Sent {
			sent[k] = append(sent[k], e)
		} else {
			got[k] = append(got[k], e)
		}
	}
	wrong := 0
	for k, from := range sent {
		if to := got[k]; len(from) == 1 && len(to) == 1 && from[0].HostName != to[0].HostName {
			pairs = append(pairs, fleetPair{from[0], to[0]})
			if fleet.TruthOf(from[0]) != fleet.TruthOf(to[0]) {
				wrong++
			}
		}
	}
	if some(t, len(pairs)); wrong > 0 {
		t.Errorf("%d of %d pairs are wrong", wrong, len(pairs))
	}
	return pairs
}

// goneAfter are the shortest silences in milliseconds, by receiver, sender and how many.
func (w *truth) goneAfter() map[string]string {
	shortest, numbers := map[string]uint64{}, map[string]int{}
	for _, e := range w.keep {
		if e.Cause != cause.PeerGone {
			continue
		}
		path := fmt.Sprint(e.HostName, " ", e.Peer.Addr, " ", e.Peer.Port)
		if numbers[path]++; numbers[path] == 1 || e.Conn.LastReceivedMillis < shortest[path] {
			shortest[path] = e.Conn.LastReceivedMillis
		}
	}
	texts := map[string]string{}
	for path, n := range numbers {
		if n > 2 {
			texts[fmt.Sprint(path, " ", n)] = strconv.FormatUint(shortest[path], 10)
		}
	}
	return texts
}

// passing is in how many spans of two seconds a process got a RST and sent one, by host and
// program.
func (w *truth) passing() map[string]string {
	type span struct {
		who string
		pid uint32
		at  int64
	}
	sent, got := map[span]bool{}, map[span]bool{}
	for _, e := range w.keep {
		s := span{e.HostName + " " + e.Owner.Comm, e.Owner.PID, e.Time.Unix() / 2}
		if e.Dir == event.Sent {
			sent[s] = true
		} else {
			got[s] = true
		}
	}
	numbers, texts := map[string]int{}, map[string]string{}
	for s := range sent {
		if got[s] {
			numbers[s.who]++
			texts[s.who] = fmt.Sprint(numbers[s.who])
		}
	}
	return texts
}
