package filter

import (
	"net/netip"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// sample is one event that every filter below is asked about.
func sample() *event.Event {
	return &event.Event{
		Dir: event.Sent, Cause: cause.UnreadDataOnClose,
		Local: endpoint("10.0.0.5:8080"), Peer: endpoint("[2001:db8::9]:51234"),
		Owner:     event.Owner{PID: 812, Comm: "nginx", Source: event.FromSocket, Others: []event.ProcessRef{{PID: 813, Comm: "nginx-worker"}}},
		Initiator: event.Initiator{ProcessRef: event.ProcessRef{PID: 991, Comm: "ss"}},
		Netns:     event.Netns{Inode: 4026532001},
	}
}

func endpoint(text string) event.Endpoint {
	ap := netip.MustParseAddrPort(text)
	return event.Endpoint{Addr: ap.Addr(), Port: ap.Port()}
}

func TestMatch(t *testing.T) {
	for name, c := range map[string]struct {
		filter string
		before Answer // what is decided before the owner is known
		all    bool
	}{
		"no options":             {"", Yes, true},
		"direction":              {"dir sent", Yes, true},
		"one of two directions":  {"dir in (ignored, sent)", Yes, true},
		"other direction":        {"dir received", No, false},
		"cause":                  {"cause in (refused, unread-data-on-close)", Yes, true},
		"other cause":            {"cause refused", No, false},
		"local host":             {"host 10.0.0.0/8", Yes, true},
		"peer host":              {"host 2001:db8::/32", Yes, true},
		"mapped host":            {"host ::ffff:10.0.0.0/104", Yes, true},
		"host with low bits":     {"host 10.99.99.99/8", Yes, true},
		"other host":             {"host in (192.0.2.0/24, 2001:db9::/32)", No, false},
		"local port":             {"port 8080", Yes, true},
		"peer port in range":     {"port in (1-2, 51000-52000)", Yes, true},
		"other port":             {"port 8081-51233", No, false},
		"namespace":              {"netns in (1, 4026532001)", Yes, true},
		"other namespace":        {"netns 4026532002", No, false},
		"owner pid":              {"pid 812", Maybe, true},
		"other holder's pid":     {"pid in (1, 813)", Maybe, true},
		"pid of who did it":      {"pid 991", Maybe, true},
		"other pid":              {"pid 814", Maybe, false},
		"owner name":             {"comm nginx", Maybe, true},
		"other holder's name":    {"comm nginx-worker", Maybe, true},
		"name of who did it":     {"comm ss", Maybe, true},
		"part of a name":         {"comm ngin", Maybe, false},
		"pid and name":           {"pid 812 and comm ss", Maybe, true},
		"pid but not name":       {"pid 812 and comm java", Maybe, false},
		"port but not direction": {"port 8080 and dir ignored", No, false},
		"all of it":              {"dir in (sent, received, ignored) and cause unread-data-on-close and host 10.0.0.5/32 and port 8080 and pid 812 and comm nginx", Maybe, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := MustParse(c.filter)
			if got := f.Decide(sample(), KnowsVerdict|KnowsRecord); got != c.before {
				t.Errorf("before the owner is known: %d", got)
			}
			if got := f.Match(sample()); got != c.all {
				t.Errorf("Match is %v", got)
			}
		})
	}
}

func TestUnknownOwner(t *testing.T) {
	e := sample()
	e.Owner, e.Initiator = event.Owner{}, event.Initiator{}
	if !MustParse("").Match(e) {
		t.Error("an event without owner must be shown when nobody asks for one")
	}
	if MustParse("pid 812").Match(e) || MustParse("comm nginx").Match(e) {
		t.Error("an event without owner matches a pid or a name")
	}
}

func TestLongNameIsCutAsTheKernelDoes(t *testing.T) {
	e := sample()
	e.Owner.Comm = "systemd-resolve" // 15 bytes of systemd-resolved
	if !MustParse("comm systemd-resolved").Match(e) {
		t.Error("the full name of a process does not find it")
	}
}

func TestAddressWithZone(t *testing.T) {
	e := sample()
	e.Peer = endpoint("[fe80::1%eth0]:443")
	if !MustParse("host fe80::/10").Match(e) {
		t.Error("a link-local peer is not found by its prefix")
	}
}

func BenchmarkMatch(b *testing.B) {
	f := MustParse("dir in (sent, received, ignored) and host in (192.0.2.0/24, 10.0.0.0/8) and port in (1-100, 8000-8100) and comm in (java, nginx)")
	e := sample()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if !f.Match(e) {
			b.Fatal("no match")
		}
		n++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/event")
	b.ReportMetric(0, "ns/op")
}

// TestUserOfSocket: without a process the creator of the socket is the user.
func TestUserOfSocket(t *testing.T) {
	process, creator := uint32(0), uint32(33)
	e := sample()
	e.Owner.UID, e.Conn = &process, event.Conn{Known: true, UID: &creator}
	if !MustParse("uid 0").Match(e) || MustParse("uid 33").Match(e) {
		t.Error("a process is known: the user is its own")
	}
	e.Owner = event.Owner{}
	if !MustParse("uid 33").Match(e) || MustParse("uid 0").Match(e) {
		t.Error("no process is known: the user is the creator of the socket")
	}
}

func TestMark(t *testing.T) {
	e := sample()
	e.Conn = event.Conn{Known: true, Mark: 0x2a}
	for filter, want := range map[string]bool{"mark 0x2a": true, "mark 42": true, "mark 0": false, "mark > 0x29": true} {
		if MustParse(filter).Match(e) != want {
			t.Errorf("%s: matches is %t", filter, !want)
		}
	}
	if _, err := Parse("mark 0x100000000", Vocabulary{}); err == nil {
		t.Error("a mark of 33 bits is taken")
	}
}
