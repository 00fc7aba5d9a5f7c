package filter

import (
	"net/netip"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// sample is one event that every filter below is asked about.
func sample() *event.Event {
	return &event.Event{
		Dir: event.Sent, Cause: "unread-data-on-close",
		Local: endpoint("10.0.0.5:8080"), Peer: endpoint("[2001:db8::9]:51234"),
		Owner: event.Owner{PID: 812, Comm: "nginx", Source: event.FromSocket, Others: []event.ProcessRef{{PID: 813, Comm: "nginx-worker"}}},
		By:    event.ProcessRef{PID: 991, Comm: "ss"},
		Netns: event.Netns{Inode: 4026532001},
	}
}

func endpoint(text string) event.Endpoint {
	ap := netip.MustParseAddrPort(text)
	return event.Endpoint{Addr: ap.Addr(), Port: ap.Port()}
}

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

func TestMatch(t *testing.T) {
	for name, c := range map[string]struct {
		options     Options
		before, all bool // want of MatchBeforeOwner and of Match
	}{
		"no options":             {Options{}, true, true},
		"direction":              {Options{Dirs: []event.Dir{event.Sent}}, true, true},
		"one of two directions":  {Options{Dirs: []event.Dir{event.Ignored, event.Sent}}, true, true},
		"other direction":        {Options{Dirs: []event.Dir{event.Received}}, false, false},
		"cause":                  {Options{Causes: []event.CauseID{"refused", "unread-data-on-close"}}, true, true},
		"other cause":            {Options{Causes: []event.CauseID{"refused"}}, false, false},
		"local host":             {Options{Hosts: prefixes("10.0.0.0/8")}, true, true},
		"peer host":              {Options{Hosts: prefixes("2001:db8::/32")}, true, true},
		"mapped host":            {Options{Hosts: prefixes("::ffff:10.0.0.0/104")}, true, true},
		"host with low bits":     {Options{Hosts: prefixes("10.99.99.99/8")}, true, true},
		"other host":             {Options{Hosts: prefixes("192.0.2.0/24", "2001:db9::/32")}, false, false},
		"local port":             {Options{Ports: []PortRange{{8080, 8080}}}, true, true},
		"peer port in range":     {Options{Ports: []PortRange{{1, 2}, {51000, 52000}}}, true, true},
		"other port":             {Options{Ports: []PortRange{{8081, 51233}}}, false, false},
		"namespace":              {Options{Netns: []uint32{1, 4026532001}}, true, true},
		"other namespace":        {Options{Netns: []uint32{4026532002}}, false, false},
		"owner pid":              {Options{PIDs: []uint32{812}}, true, true},
		"other holder's pid":     {Options{PIDs: []uint32{1, 813}}, true, true},
		"pid of who did it":      {Options{PIDs: []uint32{991}}, true, true},
		"other pid":              {Options{PIDs: []uint32{814}}, true, false},
		"owner name":             {Options{Comms: []string{"nginx"}}, true, true},
		"other holder's name":    {Options{Comms: []string{"nginx-worker"}}, true, true},
		"name of who did it":     {Options{Comms: []string{"ss"}}, true, true},
		"part of a name":         {Options{Comms: []string{"ngin"}}, true, false},
		"pid and name":           {Options{PIDs: []uint32{812}, Comms: []string{"ss"}}, true, true},
		"pid but not name":       {Options{PIDs: []uint32{812}, Comms: []string{"java"}}, true, false},
		"port but not direction": {Options{Ports: []PortRange{{8080, 8080}}, Dirs: []event.Dir{event.Ignored}}, false, false},
		"all of it": {Options{
			Dirs: event.Dirs, Causes: []event.CauseID{"unread-data-on-close"}, Hosts: prefixes("10.0.0.5/32"),
			Ports: []PortRange{{8080, 8080}}, PIDs: []uint32{812}, Comms: []string{"nginx"},
		}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := New(c.options)
			if got := f.MatchBeforeOwner(sample()); got != c.before {
				t.Errorf("MatchBeforeOwner is %v", got)
			}
			if got := f.Match(sample()); got != c.all {
				t.Errorf("Match is %v", got)
			}
			if needs := len(c.options.PIDs)+len(c.options.Comms) > 0; f.NeedsOwner() != needs {
				t.Errorf("NeedsOwner is %v", f.NeedsOwner())
			}
		})
	}
}

func TestUnknownOwner(t *testing.T) {
	e := sample()
	e.Owner, e.By = event.Owner{}, event.ProcessRef{}
	if !New(Options{}).Match(e) {
		t.Error("an event without owner must be shown when nobody asks for one")
	}
	if New(Options{PIDs: []uint32{812}}).Match(e) || New(Options{Comms: []string{"nginx"}}).Match(e) {
		t.Error("an event without owner matches a pid or a name")
	}
	// values that only a program could pass: unknown is not a value
	if New(Options{PIDs: []uint32{0}}).Match(e) || New(Options{Comms: []string{""}}).Match(e) {
		t.Error("an unknown owner matches pid 0 or the empty name")
	}
}

func TestLongNameIsCutAsTheKernelDoes(t *testing.T) {
	e := sample()
	e.Owner.Comm = "systemd-resolve" // 15 bytes of systemd-resolved
	if !New(Options{Comms: []string{"systemd-resolved"}}).Match(e) {
		t.Error("the full name of a process does not find it")
	}
}

func TestAddressWithZone(t *testing.T) {
	e := sample()
	e.Peer = endpoint("[fe80::1%eth0]:443")
	if !New(Options{Hosts: prefixes("fe80::/10")}).Match(e) {
		t.Error("a link-local peer is not found by its prefix")
	}
}

func TestNewCopies(t *testing.T) {
	ports := []PortRange{{8080, 8080}}
	f := New(Options{Ports: ports})
	ports[0] = PortRange{1, 1}
	if !f.Match(sample()) {
		t.Error("the filter changed with the caller's slice")
	}
}

func BenchmarkMatch(b *testing.B) {
	f := New(Options{
		Dirs: event.Dirs, Hosts: prefixes("192.0.2.0/24", "10.0.0.0/8"), Ports: []PortRange{{1, 100}, {8000, 8100}},
		Comms: []string{"java", "nginx"},
	})
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
