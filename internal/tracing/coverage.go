package tracing

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// coverage reports what this host would have shown: event.Coverage.
type coverage struct {
	known  event.Coverage // what stays; no Dirs: nothing is reported, as in tests without a kernel
	next   time.Time
	last   probe.Counts // at the report before
	begun  time.Time
	soon   time.Time // no report comes before
	proc   string
	listed func() ([]net.Addr, error)
}

// coverageLeast is the least time between two reports.
const coverageLeast = time.Second

// openCoverage is for a tracer that has begun just now.
func openCoverage(session *probe.Session, o *Options) coverage {
	c := coverage{begun: time.Now(), proc: procfs.DefaultMountPoint, listed: net.InterfaceAddrs}
	c.known = event.Coverage{Dirs: o.dirs(), Filter: o.hiding(), MaxRate: o.MaxRate, Kernel: kernelRelease()}
	if o.Summary {
		c.known.Dirs = nil
	}
	for _, limit := range session.Limits() {
		c.known.Limits = append(c.known.Limits, limit.ID)
	}
	return c
}

// dirs are the directions that are looked for.
func (o *Options) dirs() []event.Dir {
	if dirs := o.Filter.Selection().Dirs; len(dirs) > 0 {
		return slices.DeleteFunc(slices.Clone(dirs), func(d event.Dir) bool { return d == event.Observed })
	}
	return []event.Dir{event.Sent, event.Received, event.Ignored}
}

// hiding is what the filter demands beside directions, "" if it demands nothing else.
func (o *Options) hiding() string {
	fields := []string{"dir"}
	for _, dir := range event.Dirs {
		fields = append(fields, string(dir))
	}
	if len(o.Filter.Selection().Dirs) > 0 && o.Filter.OnlyMentions(fields...) {
		return ""
	}
	return o.Filter.String()
}

func kernelRelease() string {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return ""
	}
	return unix.ByteSliceToString(name.Release[:])
}

// reportCoverage reports what is due: from time to time, and soon after something is missing.
func (r *periodicReports) reportCoverage(now time.Time, phase event.CoveragePhase, counts *probe.Counts) error {
	c := &r.tracer.coverage
	if c.known.Dirs == nil {
		return nil
	}
	held := r.tracer.visibility.mayHaveHeld
	missing := counts.Lost != c.last.Lost || counts.Missed != c.last.Missed || held
	if phase == event.CoverageGoesOn && (now.Before(c.soon) || now.Before(c.next) && !missing) {
		return nil
	}
	report := c.known
	report.Time, report.Phase, report.Since = now.UTC(), phase, c.begun.UTC()
	report.Lost, report.Missed, report.HeldBack = counts.Lost-c.last.Lost, counts.Missed-c.last.Missed, held
	report.Addresses, report.Forwards = c.addresses(), c.forwards()
	r.tracer.visibility.mayHaveHeld = false
	c.last, c.next, c.soon = *counts, now.Add(event.CoverageEvery), now.Add(coverageLeast)
	return r.tracer.sink.Coverage(&report)
}

// addresses are those that other hosts can know this one by.
func (c *coverage) addresses() (found []netip.Addr) {
	listed, err := c.listed()
	if err != nil {
		return nil
	}
	for _, each := range listed {
		network, ok := each.(*net.IPNet)
		if !ok {
			continue
		}
		addr, ok := netip.AddrFromSlice(network.IP)
		if addr = addr.Unmap(); ok && !addr.IsLoopback() && !addr.IsLinkLocalUnicast() {
			found = append(found, addr)
		}
	}
	slices.SortFunc(found, netip.Addr.Compare)
	return slices.Compact(found)
}

// forwards reports whether the host passes packets of others on, for one address family.
func (c *coverage) forwards() bool {
	return slices.ContainsFunc([]string{"ipv4/ip_forward", "ipv6/conf/all/forwarding"}, func(name string) bool {
		value, err := os.ReadFile(filepath.Join(c.proc, "sys/net", name))
		return err == nil && strings.TrimSpace(string(value)) != "0"
	})
}
