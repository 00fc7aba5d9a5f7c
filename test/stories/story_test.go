package stories

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
)

// patience bounds every wait; nothing here takes as long.
const patience = 30 * time.Second

// story is one test: hosts, programs on them, and rsttrace.
type story struct {
	*testing.T
	hosts []*host
	wires byte
	trace *trace
}

// newStory skips the test where a program of Debian's packages is missing.
func newStory(t *testing.T, needed ...string) *story {
	t.Helper()
	if withoutRoot {
		t.Skip("needs root: BPF programs and network namespaces")
	}
	for _, name := range needed {
		if _, err := find(name); err != nil {
			t.Skipf("needs %s: make stories fetches it", name)
		}
	}
	return &story{T: t}
}

func (s *story) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// await returns once a condition holds.
func (s *story) await(what string, holds func() bool) {
	s.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("waited %s in vain: %s\n%s", patience, what, s.said())
		}
	}
}

// said is what all programs have printed, for the report of a failure.
func (s *story) said() string {
	var text strings.Builder
	for _, h := range s.hosts {
		for _, p := range h.programs {
			fmt.Fprintf(&text, "--- %s\n%s", p, &p.output)
		}
	}
	if s.trace != nil {
		fmt.Fprintf(&text, "--- rsttrace\n%s%s", &s.trace.json.output, &s.trace.json.errors)
	}
	return text.String()
}

// host is a network namespace in the role of a machine.
type host struct {
	story    *story
	name     string
	ns       *netns.Namespace
	programs []*program
	sentAt   uint64 // TcpOutRsts when rsttrace started
}

func (s *story) host(name string) *host {
	s.Helper()
	ns, err := netns.New(name)
	s.must(err)
	s.Cleanup(ns.Close)
	h := &host{story: s, name: name, ns: ns}
	s.hosts = append(s.hosts, h)
	return h
}

// Networks for documentation (RFC 5737): no other traffic of this machine has
// these addresses.
var networks = [...]string{"192.0.2", "198.51.100", "203.0.113"}

// wire connects two hosts and returns the second one's address.
func (s *story) wire(a, b *host) (address string) {
	s.Helper()
	network := networks[s.wires]
	device := fmt.Sprintf("wire%d", s.wires)
	s.wires++
	ipA, ipB := netip.MustParseAddr(network+".10"), netip.MustParseAddr(network+".1")
	const bits = 24
	s.must(netns.Connect(a.ns, b.ns, device, netip.PrefixFrom(ipA, bits), netip.PrefixFrom(ipB, bits)))
	s.must(netns.AwaitReachable(s.Context(), a.ns, ipA, b.ns, ipB))
	return ipB.String()
}
