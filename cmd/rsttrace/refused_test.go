package main

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/firewall"
	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestRefusedByRule: a rule refuses a connection to a listener on this host. It is
// not said that nothing listens there, whether the rule's own RST is seen or not.
func TestRefusedByRule(t *testing.T) {
	needRoot(t)
	host, err := netns.New("host")
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	var listener net.Listener
	var p *process
	if err := host.Do(func() (err error) {
		listener, err = net.Listen("tcp4", "127.0.0.1:0")
		p = start(t, "--direction", "received", "--count", "1", "-o", "json") // its own namespace is this one
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := netip.MustParseAddrPort(listener.Addr().String()).Port()
	if err := firewall.Reject(t.Context(), host, firewall.BaseChain{Chain: event.ChainInput}, port); err != nil {
		t.Skipf("no rule can be made here: %v", err)
	}
	if err := host.Do(func() error {
		_, err := net.Dial("tcp4", listener.Addr().String())
		return err
	}); !errors.Is(err, unix.ECONNREFUSED) {
		t.Fatalf("connect: %v", err)
	}
	if code := p.wait(t); code != exitFine {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
	events, _ := decodeLines(t, p.stdout.String())
	if len(events) != 1 || events[0]["cause"] != "refused" {
		t.Fatalf("events: %v", events)
	}
	summary, _ := events[0]["summary"].(string)
	remedy, _ := events[0]["remedy"].(string)
	if strings.Contains(summary, "nothing listens") || !strings.Contains(summary, "a firewall rule") {
		t.Errorf("%q: something listens there, and a rule refused the connection", summary)
	}
	if !strings.Contains(remedy, "rules on this host") {
		t.Errorf("remedy %q, want the rules", remedy)
	}
}
