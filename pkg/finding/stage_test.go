package finding

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rsttrace/rsttrace/internal/cputime"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// collector keeps what a stage gives.
type collector struct {
	event.NopSink
	events   []event.Event
	findings []event.Finding
	order    []string
}

func (c *collector) Event(e *event.Event) error {
	c.events = append(c.events, *e.Clone())
	c.order = append(c.order, fmt.Sprintf("event %d", e.ID))
	return nil
}

func (c *collector) Finding(f *event.Finding) error {
	c.findings = append(c.findings, *f)
	c.order = append(c.order, fmt.Sprintf("%s %d", f.Phase, f.ID))
	return nil
}

// last is the newest word on a finding.
func (c *collector) last(t *testing.T, id uint64) event.Finding {
	t.Helper()
	for _, f := range slices.Backward(c.findings) {
		if f.ID == id {
			return f
		}
	}
	t.Fatalf("no finding %d in %v", id, c.order)
	return event.Finding{}
}

var start = time.Date(2026, 11, 29, 3, 0, 0, 0, time.UTC)

// run gives events to a stage, the totals, and a flush.
func run(t *testing.T, events ...event.Event) *collector {
	t.Helper()
	c := new(collector)
	s := New(c)
	for i := range events {
		if events[i].Time.IsZero() {
			events[i].Time = start.Add(time.Duration(i) * time.Millisecond)
		}
		must(t, s.Event(&events[i]))
		must(t, s.Flush(events[i].Time))
	}
	must(t, s.Totals(&event.Totals{Time: start.Add(time.Minute)}))
	must(t, s.Flush(start.Add(time.Minute)))
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func endpoint(text string) event.Endpoint {
	at := netip.MustParseAddrPort(text)
	return event.Endpoint{Addr: at.Addr(), Port: at.Port()}
}

// sentBy is a RST of a server, and receivedBy what its client saw of it.
func sentBy(id uint64, cause event.CauseID, comm string) event.Event {
	return event.Event{
		ID: id, Dir: event.Sent, Cause: cause, Certainty: event.Exact, Summary: "sent", Remedy: "as usual",
		Local: endpoint("198.51.100.1:8000"), Peer: endpoint("198.51.100.10:40000"),
		Owner: event.Owner{PID: 100, Comm: comm, Source: event.FromCurrent},
	}
}

func receivedBy(id uint64, cause event.CauseID, comm string) event.Event {
	return event.Event{
		ID: id, Dir: event.Received, Cause: cause, Certainty: event.Likely, Because: []string{"its shape"}, Summary: "received",
		Local: endpoint("198.51.100.10:40000"), Peer: endpoint("198.51.100.1:8000"),
		Owner: event.Owner{PID: 200, Comm: comm, Source: event.FromCurrent}, App: event.App{Errno: "ECONNRESET"},
	}
}

func pair(a, b event.Event) (event.Event, event.Event) {
	a.PeerEvent, b.PeerEvent = b.ID, a.ID
	return a, b
}

// TestBothEndsAreOne: two events of one RST are one reset of one finding, whichever came
// first, and the end that acted decides.
func TestBothEndsAreOne(t *testing.T) {
	sent, received := pair(sentBy(1, cause.UnreadDataOnClose, "app"), receivedBy(2, cause.PeerAborted, "nginx"))
	again := func(a, b event.Event) []event.Event { return []event.Event{a, b} }
	first, second := pair(receivedBy(1, cause.PeerAborted, "nginx"), sentBy(2, cause.UnreadDataOnClose, "app"))
	for name, events := range map[string][]event.Event{"sent first": again(sent, received), "received first": again(first, second)} {
		c := run(t, events...)
		if want := []string{"event 1", "event 2", "begins 1", "total 1"}; !slices.Equal(c.order, want) {
			t.Errorf("%s: %v, want %v", name, c.order, want)
		}
		f := c.last(t, 1)
		if f.Resets != 1 || f.Cause != cause.UnreadDataOnClose || f.Certainty != event.Exact || f.Actor.Owner.Comm != "app" || f.Victim.Owner.Comm != "nginx" {
			t.Errorf("%s: %+v", name, f)
		}
		if diff := cmp.Diff([]event.ErrnoCount{{Errno: "ECONNRESET", Count: 1}}, f.Errors); diff != "" {
			t.Errorf("%s: errors (-want +got):\n%s", name, diff)
		}
		for _, e := range c.events {
			if e.Finding != 1 {
				t.Errorf("%s: event %d is of finding %d", name, e.ID, e.Finding)
			}
		}
	}
}

// TestEndsApart: others may come between two ends, and keep their place.
func TestEndsApart(t *testing.T) {
	a, b := pair(receivedBy(1, cause.PeerAborted, "nginx"), sentBy(3, cause.UnreadDataOnClose, "app"))
	other := sentBy(2, cause.ClosedPort, "")
	c := run(t, a, other, b)
	if want := []string{"event 1", "event 2", "begins 2", "event 3", "begins 1", "total 1", "total 2"}; !slices.Equal(c.order, want) {
		t.Errorf("%v, want %v", c.order, want)
	}
}

// TestEndWithoutNumber: where a filter may still hide events, the first end does not know the
// number of the other one. Both name each other afterwards.
func TestEndWithoutNumber(t *testing.T) {
	for _, between := range [][]event.Event{nil, {sentBy(2, cause.ClosedPort, "")}} {
		a, b := receivedBy(1, cause.PeerAborted, "nginx"), sentBy(3, cause.UnreadDataOnClose, "app")
		a.PeerFollows, b.PeerEvent = true, 1
		c := run(t, append(append([]event.Event{a}, between...), b)...)
		f := c.last(t, 1)
		if f.Cause != cause.UnreadDataOnClose || f.Actor.Owner.Comm != "app" || f.Victim.Owner.Comm != "nginx" {
			t.Errorf("%v: actor %+v, victim %+v", c.order, f.Actor, f.Victim)
		}
		if n := len(c.findings); n != 2*(1+len(between)) { // each begins, and has a total
			t.Errorf("one reset is told twice: %v", c.order)
		}
		if first := c.events[0]; first.PeerEvent != 3 || first.PeerFollows {
			t.Errorf("the first end names event %d", first.PeerEvent)
		}
	}
}

// TestEndThatNeverComes: an event does not wait for ever.
func TestEndThatNeverComes(t *testing.T) {
	e := receivedBy(1, cause.PeerAborted, "nginx")
	e.PeerEvent, e.Time = 2, start
	c := new(collector)
	s := New(c)
	must(t, s.Event(&e))
	must(t, s.Flush(start.Add(endPatience-time.Millisecond)))
	if len(c.events) > 0 {
		t.Error("it did not wait")
	}
	must(t, s.Flush(start.Add(endPatience)))
	if len(c.events) != 1 || c.last(t, 1).Cause != cause.PeerAborted {
		t.Errorf("%v", c.order)
	}
}

// TestLateEnd: the other end came after the first one was reported.
func TestLateEnd(t *testing.T) {
	a, b := receivedBy(1, cause.PeerAborted, "nginx"), sentBy(2, cause.UnreadDataOnClose, "app")
	b.PeerEvent = 1
	c := run(t, a, b)
	if want := []string{"event 1", "begins 1", "event 2", "begins 2", "total 2"}; !slices.Equal(c.order, want) {
		t.Errorf("%v, want %v", c.order, want)
	}
	a, b = sentBy(1, cause.UnreadDataOnClose, "app"), receivedBy(2, cause.PeerAborted, "nginx")
	b.PeerEvent = 1
	for _, c := range []*collector{c, run(t, a, b)} {
		f := c.findings[len(c.findings)-1]
		if f.Actor.Owner.Comm != "app" || f.Victim.Owner.Comm != "nginx" || f.Victim.PIDs.Count != 1 {
			t.Errorf("%v: actor %+v, victim %+v", c.order, f.Actor, f.Victim)
		}
	}
}

// TestStorm: ten thousand equal resets are a handful of findings, and another kind
// among them is seen at once.
func TestStorm(t *testing.T) {
	c := new(collector)
	s := New(c)
	for i := range uint64(10_000) {
		e := sentBy(i+1, cause.ClosedPort, "")
		if i == 5000 {
			e = receivedBy(i+1, cause.PeerGone, "curl")
		}
		e.Peer.Port = uint16(1024 + i%60000)
		e.Time = start.Add(time.Duration(i) * 200 * time.Microsecond)
		must(t, s.Event(&e))
		if i == 5000 {
			if f := c.last(t, 2); f.Phase != event.FindingBegins || f.Cause != cause.PeerGone {
				t.Errorf("another kind is not reported at once: %+v", f)
			}
		}
	}
	must(t, s.Totals(&event.Totals{Time: start.Add(time.Minute)}))
	if n := len(c.findings); n > 8 {
		t.Errorf("%d lines: %v", n, c.order[len(c.order)-20:])
	}
	if f := c.last(t, 1); f.Resets != 9_999 {
		t.Errorf("%d resets", f.Resets)
	}
}

// TestSameAgain: the same items give the same findings.
func TestSameAgain(t *testing.T) {
	var events []event.Event
	for i := range uint64(3000) {
		e := sentBy(i+1, []event.CauseID{cause.ClosedPort, cause.LingerZero, cause.HalfOpen}[i%3], []string{"a", "b"}[i%2])
		e.Peer.Addr = netip.AddrFrom4([4]byte{10, 0, byte(i % 7), byte(i % 251)})
		e.Local.Port = uint16(80 + i%11)
		e.Conn = event.Conn{Known: true, AgeMillis: i % 1000, LastSentMillis: i % 3000}
		events = append(events, e)
	}
	first, second := run(t, events...), run(t, events...)
	if diff := cmp.Diff(first.findings, second.findings, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Error(diff)
	}
}

// TestBounded: more groups than there is room for end the quiet ones.
func TestBounded(t *testing.T) {
	s := New(new(collector))
	for i := range uint64(groupsMax + 1000) {
		e := sentBy(i+1, cause.LingerZero, fmt.Sprintf("program%d", i))
		e.Time = start.Add(time.Duration(i) * time.Microsecond)
		must(t, s.Event(&e))
	}
	if n := s.byUse.Len(); n != groupsMax || len(s.groups) != n {
		t.Errorf("%d groups, %d keys", n, len(s.groups))
	}
}

// TestEcho: what another reset provoked belongs to it.
func TestEcho(t *testing.T) {
	a, b := sentBy(1, cause.LingerZero, "app"), sentBy(2, cause.ClosedEarlier, "")
	b.Earlier = event.Earlier{Event: 1, Cause: cause.LingerZero, EndedBy: "reset", AgoMillis: 3}
	c := run(t, a, b)
	if f := c.last(t, 1); f.Resets != 1 || len(c.findings) != 2 || c.events[1].Finding != 1 {
		t.Errorf("%v: %+v", c.order, f)
	}
}

// proxied is a reset that a proxy got from its server, and what it did 3 ms later.
func proxied() (behind, front event.Event) {
	behind = with(receivedBy(1, cause.PeerAborted, "proxy"), func(e *event.Event) { e.Conn.Role, e.Time = event.Client, start })
	front = with(sentBy(2, cause.LingerZero, "proxy"), func(e *event.Event) {
		e.Owner.PID, e.Local, e.Peer = behind.Owner.PID, endpoint("203.0.113.1:443"), endpoint("203.0.113.9:50000")
		e.Conn.Role, e.Time = event.Server, start.Add(3*time.Millisecond)
	})
	return behind, front
}

// TestChain: a proxy that gives up its client right after its server failed passed that
// on. A server that loses one client, and then aborts another one, did not.
func TestChain(t *testing.T) {
	behind, front := proxied()
	f := run(t, behind, front).last(t, 2)
	if f.Pattern != "passed-on" || f.After != 1 || f.Certainty != event.Likely ||
		f.Summary != "proxy[200] reset the connection of 203.0.113.9 3 ms after "+behind.Peer.String()+" had reset another connection of proxy[200] (finding #1)" {
		t.Errorf("%s after %d, %s: %s", f.Pattern, f.After, f.Certainty, f.Summary)
	}
	for name, change := range map[string]func(e *event.Event){
		"a second later":        func(e *event.Event) { e.Time = start.Add(time.Second) },
		"also as a client":      func(e *event.Event) { e.Conn.Role = event.Client },
		"of another process":    func(e *event.Event) { e.Owner.PID++ },
		"by a timer of its own": func(e *event.Event) { e.Cause = cause.KeepaliveTimeout },
	} {
		if f := run(t, behind, with(front, change)).last(t, 2); f.Pattern == "passed-on" {
			t.Errorf("%s: %s", name, f.Summary)
		}
	}
}

func BenchmarkRepeats(b *testing.B) {
	s := New(event.NopSink{})
	e := sentBy(1, cause.ClosedPort, "")
	e.Conn = event.Conn{Known: true, AgeMillis: 12, LastSentMillis: 5}
	now := start
	b.ReportAllocs()
	defer cputime.Report(b)()
	for b.Loop() {
		e.ID++
		now = now.Add(time.Microsecond)
		e.Time = now
		_ = s.Event(&e)
	}
}

func BenchmarkPairs(b *testing.B) {
	s := New(event.NopSink{})
	sent, received := pair(sentBy(1, cause.UnreadDataOnClose, "app"), receivedBy(2, cause.PeerAborted, "nginx"))
	b.ReportAllocs()
	defer cputime.Report(b)()
	for b.Loop() {
		sent.ID, received.ID = sent.ID+2, received.ID+2
		sent.PeerEvent, received.PeerEvent = received.ID, sent.ID
		sent.Time, received.Time = start, start
		_ = s.Event(&sent)
		_ = s.Event(&received)
	}
}
