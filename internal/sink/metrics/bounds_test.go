package metrics

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func seriesOf(families map[string]*dto.MetricFamily) (all int, byName map[string]int) {
	byName = make(map[string]int)
	for name, f := range families {
		byName[name] = len(f.GetMetric())
		all += len(f.GetMetric())
	}
	return all, byName
}

func sum(f *dto.MetricFamily) (total float64) {
	for _, m := range f.GetMetric() {
		total += m.GetCounter().GetValue()
	}
	return total
}

// TestBounded: whatever strangers call their processes, and from wherever they come, the
// number of series stays, and no event is lost from the sum.
func TestBounded(t *testing.T) {
	const events = 100_000
	m := newMachine()
	s, scrape := newSink(t, m, Options{Owners: 500})
	var e event.Event
	for i := range events {
		e = event.Event{
			ID: uint64(i + 1), Time: m.time, Dir: event.Sent, Cause: cause.ClosedPort,
			Local: event.Endpoint{Addr: netip.MustParseAddr("10.0.0.5"), Port: uint16(i)},
			Peer:  event.Endpoint{Addr: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), Port: uint16(i * 7)},
			Owner: event.Owner{PID: uint32(i), Comm: fmt.Sprint("worker-", i), Source: event.FromCurrent},
			App:   event.App{Errno: fmt.Sprint("E", i), ErrorCall: "read"},
			RST:   event.Segment{Reason: &event.Reason{Registry: event.RegistryIETF, Code: uint16(i)}},
		}
		if i%2 == 0 {
			e.Dir, e.Cause, e.Conn.Role = event.Received, cause.PeerGone, event.Server
			e.Owner.Pod = fmt.Sprintf("shop/cart%d-6d9f4c8b7d-x2k5p", i)
		}
		give(t, s, &e)
		if err := s.Finding(&event.Finding{ID: uint64(i), Phase: event.FindingBegins, Pattern: event.PatternID(fmt.Sprint("p", i))}); err != nil {
			t.Fatal(err)
		}
	}
	scrape()
	families := scrape()
	all, byName := seriesOf(families)
	const largest = 1300
	if all > largest {
		t.Errorf("%d series, want at most %d: %v", all, largest, byName)
	}
	for name, most := range map[string]int{
		ownerResets.Name: 500 + len(resetKeys([]event.Dir{event.Sent, event.Received, event.Ignored})),
		portResets.Name:  portsMax + len(resetKeys([]event.Dir{event.Sent, event.Received, event.Ignored})),
		appErrors.Name:   errorsMax + 1, diagnostics.Name: diagnosticsMax + 1,
	} {
		if byName[name] > most {
			t.Errorf("%s has %d series, want at most %d", name, byName[name], most)
		}
	}
	for _, name := range []string{ownerResets.Name, portResets.Name, appErrors.Name, findings.Name} {
		if got := sum(families[name]); got != events {
			t.Errorf("%s counts %v events, want %d", name, got, events)
		}
	}
	if got, _ := value(families, ownerDisplaced.Name); got != events-500 {
		t.Errorf("%v owners were displaced, want %d", got, events-500)
	}
	for name, f := range families {
		for _, metric := range f.GetMetric() {
			for _, pair := range metric.GetLabel() {
				if strings.Contains(pair.GetValue(), "x2k5p") || strings.HasPrefix(pair.GetValue(), "10.") {
					t.Errorf("%s names a pod or an address: %s", name, pair.GetValue())
				}
			}
		}
	}
}

// TestOthersMakeRoom: an owner that rests gives way to a new one. What was counted of it
// appears nowhere else.
func TestOthersMakeRoom(t *testing.T) {
	m := newMachine()
	s, scrape := newSink(t, m, Options{Owners: 2})
	of := func(comm string) *event.Event {
		return &event.Event{Dir: event.Sent, Cause: cause.LingerZero, Owner: event.Owner{Comm: comm, Source: event.FromCurrent}}
	}
	series := func(kind, owner string) (float64, bool) {
		scrape()
		return value(scrape(), ownerResets.Name, "direction=sent", "cause=linger-zero", "owner_kind="+kind, "owner="+owner)
	}
	give(t, s, of("a"), of("a"), of("b"), of("c"))
	if got, there := series(ofOther, otherValue); got != 1 || !there {
		t.Errorf("other: %v, %v, want the one of c", got, there)
	}
	m.time = m.time.Add(restFor)
	give(t, s, of("b"), of("c"))
	if _, there := series(ofCommand, "a"); there {
		t.Error("a has a series though it rests")
	}
	for owner, want := range map[string]float64{"b": 2, "c": 1} {
		if got, _ := series(ofCommand, owner); got != want {
			t.Errorf("%s: %v, want %v", owner, got, want)
		}
	}
	if got, _ := series(ofOther, otherValue); got != 1 {
		t.Errorf("other: %v, want 1 as before", got)
	}
	m.time = m.time.Add(-2 * restFor) // the clock jumps back
	give(t, s, of("d"), of("b"))
	if got, _ := series(ofCommand, "b"); got != 3 {
		t.Errorf("b: %v, want 3", got)
	}
}

// TestNewSeriesBeginWithZero: else increase() would not see the first event.
func TestNewSeriesBeginWithZero(t *testing.T) {
	m := newMachine()
	s, scrape := newSink(t, m, Options{})
	e := &event.Event{Dir: event.Sent, Cause: cause.UnreadDataOnClose, Owner: event.Owner{Comm: "nginx", Source: event.FromCurrent}}
	labels := []string{"direction=sent", "cause=unread-data-on-close", "owner_kind=comm", "owner=nginx"}
	give(t, s, e, e)
	for _, want := range []float64{0, 2} {
		if got, there := value(scrape(), ownerResets.Name, labels...); got != want || !there {
			t.Errorf("the series is %v (%v), want %v", got, there, want)
		}
	}
	// What can be foreseen is there before anything happens.
	_, fresh := newSink(t, newMachine(), Options{})
	families := fresh()
	for _, key := range resetKeys([]event.Dir{event.Sent, event.Received, event.Ignored}) {
		if got, there := value(families, resets.Name, "direction="+string(key.dir), "cause="+string(key.cause)); got != 0 || !there {
			t.Errorf("%v is %v (%v), want 0", key, got, there)
		}
	}
	for _, name := range []string{findings.Name, sigpipes.Name, lostBytes.Name, diagnostics.Name, appErrors.Name, idle.Name, age.Name} {
		if len(families[name].GetMetric()) == 0 {
			t.Errorf("%s has no series at the start", name)
		}
	}
}

// TestPorts: only a port on which somebody listened has a series.
func TestPorts(t *testing.T) {
	m := newMachine()
	s, scrape := newSink(t, m, Options{})
	at := func(port uint16) event.Endpoint {
		return event.Endpoint{Addr: netip.MustParseAddr("10.0.0.5"), Port: port}
	}
	scan := func(port uint16) *event.Event {
		return &event.Event{Dir: event.Sent, Cause: cause.ClosedPort, Local: at(port), Peer: at(40_000)}
	}
	former := scan(8080)
	former.FormerListener = event.FormerListener{AgoMillis: 10}
	s.Listening([]uint16{443})
	give(t, s, scan(80), scan(443), former, scan(8080), scan(22),
		&event.Event{Dir: event.Received, Cause: cause.Refused, Local: at(50_000), Peer: at(443), Conn: event.Conn{Role: event.Client}})
	scrape()
	families := scrape()
	for _, test := range []struct {
		dir, cause, port string
		want             float64
	}{
		{"sent", "closed-port", "443", 1}, {"sent", "closed-port", "8080", 2}, {"sent", "closed-port", otherValue, 2}, {"received", "refused", otherValue, 1},
	} {
		if got, _ := value(families, portResets.Name, "direction="+test.dir, "cause="+test.cause, "port="+test.port); got != test.want {
			t.Errorf("%s %s %s: %v, want %v", test.dir, test.cause, test.port, got, test.want)
		}
	}
}

// TestNotShown: what is on its way is not taken for held back, and the number never falls.
func TestNotShown(t *testing.T) {
	m := newMachine()
	s, scrape := newSink(t, m, Options{})
	count := func(events uint64) {
		m.counts = event.Totals{Counts: []event.Count{{Dir: event.Sent, Cause: cause.ClosedPort, Events: events}}}
	}
	notShown := func() float64 { got, _ := value(scrape(), eventsNotShown.Name); return got }
	count(5)
	if got := notShown(); got != 0 {
		t.Errorf("%v are not shown though they may come", got)
	}
	m.time = m.time.Add(settleFor)
	give(t, s, &event.Event{}, &event.Event{}, &event.Event{})
	count(9)
	if got := notShown(); got != 2 {
		t.Errorf("%v of 5 are not shown, want 2", got)
	}
	give(t, s, &event.Event{}, &event.Event{}, &event.Event{}, &event.Event{})
	m.time = m.time.Add(settleFor)
	if got := notShown(); got != 2 {
		t.Errorf("%v of 9 are not shown, want 2", got)
	}
	m.time = m.time.Add(-time.Hour)
	if got := notShown(); got != 2 {
		t.Errorf("%v are not shown after the clock was set back, want 2", got)
	}
}

// TestNotShownOnBusyHost: what comes meanwhile hides nothing.
func TestNotShownOnBusyHost(t *testing.T) {
	m := newMachine()
	s, scrape := newSink(t, m, Options{})
	var counted uint64
	for range 3 {
		for range 100 { // one in ten is held back
			if counted++; counted%10 != 0 {
				give(t, s, &event.Event{Time: m.time})
			}
		}
		m.counts = event.Totals{Counts: []event.Count{{Dir: event.Sent, Cause: cause.ClosedPort, Events: counted}}}
		m.time = m.time.Add(settleFor)
		scrape()
	}
	if got, _ := value(scrape(), eventsNotShown.Name); got != 20 { // of the last hundred it is too early to say
		t.Errorf("%v of %d are not shown, want 20", got, counted)
	}
}

// TestFindings: an incident counts once for each diagnosis.
func TestFindings(t *testing.T) {
	m := newMachine()
	s, scrape := newSink(t, m, Options{})
	for _, f := range []event.Finding{
		{ID: 1, Phase: event.FindingBegins}, {ID: 1, Phase: event.FindingGrows, Pattern: "idle-limit"}, {ID: 1, Phase: event.FindingGrows, Pattern: "idle-limit"},
		{ID: 1, Phase: event.FindingTotal, Pattern: "idle-limit"}, {ID: 2, Phase: event.FindingBegins, Pattern: "idle-limit"},
		{ID: 1, Phase: event.FindingEnds, Pattern: "idle-limit"},
	} {
		if err := s.Finding(&f); err != nil {
			t.Fatal(err)
		}
	}
	families := scrape()
	for id, want := range map[string]float64{"none": 1, "idle-limit": 2, "orphan-limit": 0} {
		if got, there := value(families, findings.Name, "finding="+id); got != want || !there {
			t.Errorf("%s: %v (%v), want %v", id, got, there, want)
		}
	}
}

// TestAudit: what is explained is 0, and the rest has a sign.
func TestAudit(t *testing.T) {
	m := newMachine()
	s, scrape := newSink(t, m, Options{})
	if err := s.Audit(&event.Audit{Counters: []event.AuditCounter{
		{Name: "TcpOutRsts", Kernel: 10, Counted: 7, MayCount: 1},
		{Name: "TcpEstabResets", Kernel: 3, Counted: 5},
		{Name: "TcpExtTCPAbortOnData", Kernel: 5, Counted: 5, OK: true},
		{Name: "TcpExtTCPAbortOnClose", Kernel: 9, Counted: 5, Uncompared: true},
	}}); err != nil {
		t.Fatal(err)
	}
	families := scrape()
	for name, want := range map[string]float64{"TcpOutRsts": 2, "TcpEstabResets": -2, "TcpExtTCPAbortOnData": 0, "TcpExtTCPAbortOnClose": 0} {
		if got, there := value(families, auditUnexplained.Name, "counter="+name); got != want || !there {
			t.Errorf("%s: %v (%v), want %v", name, got, there, want)
		}
	}
}

// TestOwnerNames: a label outlives processes, replicas and sessions.
func TestOwnerNames(t *testing.T) {
	for _, test := range []struct {
		owner      event.Owner
		kind, name string
	}{
		{event.Owner{}, ofUnknown, ofUnknown},
		{event.Owner{Comm: "curl"}, ofCommand, "curl"},
		{event.Owner{Comm: "nginx", Unit: "nginx.service"}, ofUnit, "nginx.service"},
		{event.Owner{Comm: "curl", Unit: "session-12.scope"}, ofCommand, "curl"},
		{event.Owner{Comm: "curl", Unit: "user.slice"}, ofCommand, "curl"},
		{event.Owner{Comm: "sh", Unit: "run-u17.service"}, ofCommand, "sh"},
		{event.Owner{Unit: "system.slice"}, ofUnit, "system.slice"},
		{event.Owner{Comm: "sshd", Unit: "sshd@3-10.0.0.1:22-10.0.0.9:5000.service"}, ofUnit, "sshd@"},
		{event.Owner{Comm: "app", Container: "docker/web-1", Unit: "docker.service"}, ofContainer, "docker/web"},
		{event.Owner{Comm: "app", Container: "docker/" + strings.Repeat("3f", 32)}, ofCommand, "app"},
		{event.Owner{Comm: "app", Container: "containerd/app", Pod: "shop/cart-6d9f4c8b7d-x2k5p"}, ofWorkload, "shop/cart"},
		{event.Owner{Comm: "app", Pod: "0a1b2c3d-1111-2222-3333-444455556666"}, ofCommand, "app"},
		{event.Owner{Comm: "a\x1b[31m\xff\n"}, ofCommand, `a\x1b[31m\xff\x0a`},
	} {
		if kind, name := ownerName(&test.owner); kind != test.kind || name != test.name {
			t.Errorf("%+v: %s %q, want %s %q", test.owner, kind, name, test.kind, test.name)
		}
	}
}

// TestNoAllocation: in a storm, most events belong to series that are there.
func TestNoAllocation(t *testing.T) {
	m := newMachine()
	s, _ := newSink(t, m, Options{})
	e := &event.Event{
		ID: 1, Dir: event.Received, Cause: cause.PeerGone, Local: event.Endpoint{Port: 443}, CommunityID: "1:LQU9qZlK+B5F3KDmev6m5PMibrg=",
		Conn: event.Conn{Known: true, Role: event.Server, AgeMillis: 100, LastReceivedMillis: 90}, App: event.App{Errno: "ECONNRESET", ErrorCall: "read"},
		Lost: event.Lost{UnsentBytes: 5}, Owner: event.Owner{PID: 1, Comm: "app", Pod: "shop/cart-6d9f4c8b7d-x2k5p"},
	}
	give(t, s, e)
	if got := testing.AllocsPerRun(100, func() { _ = s.Event(e) }); got > 0 {
		t.Errorf("%v allocations for each event", got)
	}
}

// BenchmarkEvent is what one event costs the tracer.
func BenchmarkEvent(b *testing.B) {
	s, _ := newSink(b, newMachine(), Options{})
	e := &event.Event{ID: 1, Dir: event.Received, Cause: cause.PeerGone, Owner: event.Owner{Comm: "app", Source: event.FromCurrent}}
	b.ReportAllocs()
	for b.Loop() {
		_ = s.Event(e)
	}
}

// BenchmarkScrape is a scrape of all series that there can be.
func BenchmarkScrape(b *testing.B) {
	m := newMachine()
	s, scrape := newSink(b, m, Options{})
	for i := range 1000 {
		port := uint16(i + 1)
		s.Listening([]uint16{port})
		e := &event.Event{ID: 1, Dir: event.Sent, Cause: cause.ClosedPort, Local: event.Endpoint{Port: port}, Owner: event.Owner{Comm: fmt.Sprint(i), Source: event.FromCurrent}}
		_ = s.Event(e)
	}
	b.ReportAllocs()
	for b.Loop() {
		scrape()
	}
}
