package filter

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// drawFilter makes a random tree of tests.
func drawFilter(r *rand.Rand, depth int) node {
	if depth == 0 || r.IntN(3) == 0 {
		return drawTest(r)
	}
	switch r.IntN(3) {
	case 0:
		return negation{drawFilter(r, depth-1)}
	case 1:
		return conjunction{drawFilter(r, depth-1), drawFilter(r, depth-1)}
	default:
		return disjunction{drawFilter(r, depth-1), drawFilter(r, depth-1), drawFilter(r, depth-1)}
	}
}

var drawnTests = []string{
	"sent", "received", "ignored", "dir sent", "dir != sent", "cause peer-gone", "cause != refused", "port 80", "port 443", "port 80-443",
	"port != 80", "local.port 80", "peer.port > 80", "host 192.0.2.0/24", "host 192.0.2.1", "peer.addr 192.0.2.2", "host != 192.0.2.1",
	"netns 1", "netns != 1", "netns 2", "comm nginx", "comm != nginx", "comm curl", "comm ~ ^n", "pid 1", "pid 2", "pid != 1", "uid 0",
	"cgroup /a", "unit a", "container web", "has container", "silence > 1s", "silence <= 1s", "has silence", "errno ECONNRESET", "sigpipe", "lost > 10",
}

func drawTest(r *rand.Rand) node {
	f, err := Parse(drawnTests[r.IntN(len(drawnTests))], Vocabulary{})
	if err != nil {
		panic(err)
	}
	return f.tree
}

func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// drawEvent makes an event of few different values, so that tests often match.
func drawEvent(r *rand.Rand) *event.Event {
	addr := func() netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(r.IntN(3))}) }
	process := func() event.ProcessRef {
		return event.ProcessRef{PID: uint32(r.IntN(4)), Comm: pick(r, "", "nginx", "curl", "node")}
	}
	owner := process()
	e := &event.Event{
		Dir: pick(r, event.Dirs...), Cause: pick[event.CauseID](r, cause.PeerGone, cause.Refused, cause.HalfOpen),
		Local: event.Endpoint{Addr: addr(), Port: pick[uint16](r, 80, 443, 81)},
		Peer:  event.Endpoint{Addr: addr(), Port: pick[uint16](r, 80, 443, 50000)},
		Netns: event.Netns{Inode: uint32(1 + r.IntN(3))}, Initiator: event.Initiator{ProcessRef: process()},
		Owner: event.Owner{PID: owner.PID, Comm: owner.Comm, Cgroup: pick(r, "", "/a", "/a/b", "/c"), Unit: pick(r, "", "a.service"), Container: pick(r, "", "docker/web")},
		App:   event.App{Errno: pick(r, "", "ECONNRESET"), SIGPIPE: r.IntN(2) == 0},
		Lost:  event.Lost{UnreadBytes: uint32(r.IntN(20))},
	}
	if r.IntN(2) == 0 {
		e.Owner.Others = []event.ProcessRef{process()}
	}
	if r.IntN(2) == 0 {
		e.Conn = event.Conn{Known: true, LastReceivedMillis: uint64(r.IntN(3) * 1000)}
	}
	return e
}

// admits is what the kernel side does with a selection, at its best.
func admits(s Selection, e *event.Event) bool {
	prefix := func(p netip.Prefix) bool { return p.Contains(e.Local.Addr) || p.Contains(e.Peer.Addr) }
	ports := func(p PortRange) bool { return p.Contains(e.Local.Port) || p.Contains(e.Peer.Port) }
	pid := func(pid uint32) bool { return anyProcess(e, func(p event.ProcessRef) bool { return p.PID == pid }) }
	comm := func(comm string) bool { return anyProcess(e, func(p event.ProcessRef) bool { return p.Comm == comm }) }
	return (len(s.Dirs) == 0 || slices.Contains(s.Dirs, e.Dir)) &&
		(len(s.Netns) == 0 || slices.Contains(s.Netns, e.Netns.Inode)) &&
		(len(s.Hosts) == 0 || slices.ContainsFunc(s.Hosts, prefix)) &&
		(len(s.Ports) == 0 || slices.ContainsFunc(s.Ports, ports)) &&
		(len(s.PIDs) == 0 || slices.ContainsFunc(s.PIDs, pid)) &&
		(len(s.Comms) == 0 || slices.ContainsFunc(s.Comms, comm))
}

// TestSelectionHoldsNothingBack: what a filter matches is in its selection, for
// random filters and events.
func TestSelectionHoldsNothingBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	matched, refused := 0, 0
	for range 3000 {
		f := &Filter{drawFilter(r, 3)}
		selection := f.Selection()
		for range 30 {
			e := drawEvent(r)
			if !f.Match(e) {
				if !admits(selection, e) {
					refused++
				}
				continue
			}
			matched++
			if !admits(selection, e) {
				t.Fatalf("%s matches an event that %+v holds back: %+v", f, selection, e)
			}
		}
	}
	if matched < 1000 || refused < 1000 {
		t.Errorf("%d matched, %d held back: too few to prove anything", matched, refused)
	}
}

// TestDecideEarly: a decision on parts of an event is the one on all of it.
func TestDecideEarly(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	early := 0
	for range 3000 {
		f := &Filter{drawFilter(r, 3)}
		for range 10 {
			e := drawEvent(r)
			known := Known(r.IntN(int(KnowsAll)))
			answer := f.Decide(e, known)
			if answer == Maybe {
				if f.Reads()&^known == 0 {
					t.Fatalf("%s reads nothing unknown and is undecided", f)
				}
				continue
			}
			early++
			if whole := f.Decide(e, KnowsAll); whole != answer {
				t.Fatalf("%s: %d with %b known, %d with all", f, answer, known, whole)
			}
		}
	}
	if early < 1000 {
		t.Errorf("%d decided early: too few to prove anything", early)
	}
}

// TestStringKeepsMeaning: a written filter, read again, matches the same events.
func TestStringKeepsMeaning(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 3000 {
		f := &Filter{drawFilter(r, 4)}
		again, err := Parse(f.String(), Vocabulary{})
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for range 10 {
			if e := drawEvent(r); f.Match(e) != again.Match(e) {
				t.Fatalf("%s, read again as %s, differs for %+v", f, again, e)
			}
		}
	}
}

func TestSelection(t *testing.T) {
	port := func(first, last uint16) []PortRange { return []PortRange{{first, last}} }
	for text, want := range map[string]Selection{
		"":                                     {},
		"sent":                                 {Dirs: []event.Dir{event.Sent}},
		"not sent":                             {Dirs: []event.Dir{event.Received, event.Ignored, event.Observed}},
		"not (sent or port 80)":                {Dirs: []event.Dir{event.Received, event.Ignored, event.Observed}},
		"sent and port 443":                    {Dirs: []event.Dir{event.Sent}, Ports: port(443, 443)},
		"sent or port 443":                     {},
		"port 443 or port 80":                  {Ports: []PortRange{{443, 443}, {80, 80}}},
		"port 443 and port 80":                 {Ports: port(443, 443)},
		"not port 443":                         {},
		"port != 443":                          {},
		"sent and (comm a or comm b)":          {Dirs: []event.Dir{event.Sent}, Comms: []string{"a", "b"}},
		"comm a or pid 1":                      {},
		"comm ~ a":                             {},
		"netns 1 and netns 2":                  {Netns: []uint32{1}},
		"sent and not (received or comm != a)": {Dirs: []event.Dir{event.Sent}, Comms: []string{"a"}},
	} {
		f, err := Parse(text, Vocabulary{})
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got := f.Selection()
		if !slices.Equal(got.Dirs, want.Dirs) || !slices.Equal(got.Ports, want.Ports) || !slices.Equal(got.Comms, want.Comms) ||
			!slices.Equal(got.PIDs, want.PIDs) || !slices.Equal(got.Netns, want.Netns) || !slices.Equal(got.Hosts, want.Hosts) {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

// TestDecideDoesNotAllocate: a storm goes through the filter.
func TestDecideDoesNotAllocate(t *testing.T) {
	f, err := Parse("sent and port 443 and cause in (peer-gone, half-open) and not comm nginx and silence > 1s and comm ~ ^n and cgroup /a", Vocabulary{})
	if err != nil {
		t.Fatal(err)
	}
	e := drawEvent(rand.New(rand.NewPCG(7, 8)))
	for _, known := range []Known{KnowsAll, KnowsVerdict, KnowsVerdict | KnowsRecord} {
		if n := testing.AllocsPerRun(1000, func() { f.Decide(e, known) }); n > 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

func TestAnd(t *testing.T) {
	sent, err := Term("dir", []string{"sent"}, Vocabulary{})
	if err != nil {
		t.Fatal(err)
	}
	ports, err := Term("port", []string{"80", "443"}, Vocabulary{})
	if err != nil {
		t.Fatal(err)
	}
	none, err := Term("comm", nil, Vocabulary{})
	if err != nil {
		t.Fatal(err)
	}
	if got := And(none, nil, sent, ports).String(); got != "dir sent and (port 80 or port 443)" {
		t.Errorf("wrote %q", got)
	}
	if got := And(none, nil).String(); got != "" {
		t.Errorf("of nothing: %q", got)
	}
}
