package tracing

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// coverages keeps what comes, and ends the run at a number of them.
type coverages struct {
	event.NopSink
	reports []event.Coverage
	hosts   []event.Host // of the events
	after   func(n int)
}

func (c *coverages) Event(e *event.Event) error {
	c.hosts = append(c.hosts, e.Host)
	return nil
}

func (c *coverages) Coverage(v *event.Coverage) error {
	c.reports = append(c.reports, *v.Clone())
	c.after(len(c.reports))
	return nil
}

// TestCoverage: a run says what it sees when it begins and ends, and soon after events are
// missing. Every item says which host it is of.
func TestCoverage(t *testing.T) {
	source := newFakeSource(resets(closedPort(80)))
	source.counts = probe.Counts{Lost: 5}
	tracer := tracing(source, "sent")
	tracer.host = event.Host{HostName: "web-1", HostID: "0123"}
	tracer.coverage = coverage{
		known: event.Coverage{Dirs: []event.Dir{event.Sent}, Limits: []string{"no-reject"}}, proc: t.TempDir(),
		listed: func() ([]net.Addr, error) {
			return []net.Addr{
				&net.IPNet{IP: net.IPv4(127, 0, 0, 1), Mask: net.CIDRMask(8, 32)}, &net.IPNet{IP: net.IPv4(192, 0, 2, 7), Mask: net.CIDRMask(24, 32)},
				&net.IPNet{IP: net.ParseIP("fe80::1"), Mask: net.CIDRMask(64, 128)},
			}, nil
		},
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	seen := &coverages{after: func(n int) {
		switch n {
		case 1:
			source.counts.Lost, source.counts.Missed = 12, 1
			tracer.reports.nextLoss = time.Now()
			tracer.coverage.soon = time.Time{}
		case 2:
			stop()
		}
	}}
	if err := tracer.Run(ctx, seen); err != nil {
		t.Fatal(err)
	}
	if len(seen.reports) != 3 {
		t.Fatalf("%d reports: %+v", len(seen.reports), seen.reports)
	}
	address := []netip.Addr{netip.MustParseAddr("192.0.2.7")}
	for i, want := range []event.Coverage{
		{Phase: event.CoverageBegins, Lost: 5}, {Phase: event.CoverageGoesOn, Lost: 7, Missed: 1}, {Phase: event.CoverageEnds},
	} {
		got := seen.reports[i]
		want.Host, want.Dirs, want.Limits, want.Addresses = tracer.host, []event.Dir{event.Sent}, []string{"no-reject"}, address
		want.Time, want.Since = got.Time, got.Since
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("report %d: %s", i, diff)
		}
	}
	if diff := cmp.Diff([]event.Host{tracer.host}, seen.hosts); diff != "" {
		t.Error(diff)
	}
}

// TestCoverageOfFilters: what a filter hides beside directions is said.
func TestCoverageOfFilters(t *testing.T) {
	all := []event.Dir{event.Sent, event.Received, event.Ignored}
	for _, tt := range []struct {
		text, want string
		dirs       []event.Dir
	}{
		{"", "", all},
		{"sent", "", all[:1]},
		{"dir in (sent, received)", "", all[:2]},
		{"port 443", "port 443", all},
		{"sent and port 443", "sent and port 443", all[:1]},
		{"not sent", "", all[1:]},
		{"sent or port 443", "sent or port 443", all},
	} {
		parsed, err := filter.Parse(tt.text, filter.Vocabulary{})
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Filter: parsed}
		if diff := cmp.Diff(tt.dirs, o.dirs()); diff != "" {
			t.Errorf("%q: %s", tt.text, diff)
		}
		if got := o.hiding(); (got == "") != (tt.want == "") {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestForwards(t *testing.T) {
	for _, tt := range []struct {
		file, content string
		want          bool
	}{
		{"ipv4/ip_forward", "1\n", true}, {"ipv4/ip_forward", "0\n", false}, {"ipv6/conf/all/forwarding", "1\n", true}, {"other", "1", false},
	} {
		c := coverage{proc: t.TempDir()}
		path := filepath.Join(c.proc, "sys/net", tt.file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := c.forwards(); got != tt.want {
			t.Errorf("%s with %q: %v", tt.file, tt.content, got)
		}
	}
}
