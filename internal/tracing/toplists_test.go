package tracing

import (
	"net/netip"
	"runtime"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestTops: what the kernel side has apart (by CPU, evidence, cgroup) is one row,
// what is no reset is none, and nothing is left out of the sums.
func TestTops(t *testing.T) {
	noSocket, overIPv6 := closedPortEvidence, closedPortEvidence
	overIPv6.Family = event.IPv6
	forwarded := event.Evidence{
		Hook: event.HookReject, Socket: event.SockNone, Chain: event.ChainForward, Family: event.IPv4, Facts: event.FactSeesPacket,
	}
	client, other := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::7")
	f := newFakeSource()
	f.tops = probe.TopTables{
		Owners: probe.TopTable{
			Entries: []probe.TopCount{
				{Evidence: receivedEvidence, Comm: "curl", Cgroup: 7, Netns: 5, Events: 10},
				{Evidence: receivedEvidence, Comm: "curl", Cgroup: 8, Netns: 5, Events: 5}, // neither has a name here
				{Evidence: receivedEvidence, Comm: "curl", Netns: 6, Events: 4},
				{Evidence: noSocket, Netns: 5, Events: 12},
				{Evidence: noReset, Comm: "nginx", Netns: 5, Events: 99},
				{Events: 3}, // found no counter
			},
			Others: []probe.Count{{Evidence: receivedEvidence, Events: 20}, {Events: 1}, {Evidence: noReset, Events: 50}},
		},
		Peers: probe.TopTable{Entries: []probe.TopCount{
			{Evidence: noSocket, Peer: client, Events: 2},
			{Evidence: overIPv6, Peer: other, Events: 5},
			{Evidence: noSocket, Peer: client, Events: 4}, // on another CPU
		}},
		Ports: probe.TopTable{Entries: []probe.TopCount{
			{Evidence: forwarded, Port: 443, Events: 1},
			{Evidence: noSocket, Port: 80, Events: 1},
			{Evidence: overIPv6, Port: 80, Events: 1},
		}},
	}
	got, err := tracing(f, "").Tops(3)
	if err != nil {
		t.Fatal(err)
	}
	row := func(dir event.Dir, cause event.CauseID, netns uint32, events uint64) event.TopRow {
		return event.TopRow{Dir: dir, Cause: cause, Netns: event.Netns{Inode: netns}, Events: events}
	}
	named := func(r event.TopRow, comm string) event.TopRow { r.Owner.Comm = comm; return r }
	from := func(r event.TopRow, peer netip.Addr) event.TopRow { r.Peer = peer; return r }
	at := func(r event.TopRow, port uint16) event.TopRow { r.Port = port; return r }
	want := event.Tops{
		Owners: event.Top{
			Rows: []event.TopRow{
				named(row(event.Received, cause.Refused, 5, 15), "curl"),
				row(event.Sent, cause.ClosedPort, 5, 12),
				named(row(event.Received, cause.Refused, 6, 4), "curl"),
			},
			Further: 1, Unlisted: 3, Displaced: 21,
		},
		Peers: event.Top{Rows: []event.TopRow{
			from(row(event.Sent, cause.ClosedPort, 0, 6), client), from(row(event.Sent, cause.ClosedPort, 0, 5), other),
		}},
		Ports: event.Top{Rows: []event.TopRow{
			at(row(event.Sent, cause.ClosedPort, 0, 2), 80), row(event.Sent, cause.NetfilterReject, 0, 1),
		}},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTopsInTotals: only where they were asked for.
func TestTopsInTotals(t *testing.T) {
	f := newFakeSource()
	f.tops.Peers.Others = []probe.Count{{Evidence: closedPortEvidence, Events: 9}}
	tracer := tracing(f, "")
	for _, test := range []struct{ listed, want int }{{0, 0}, {5, 9}} {
		tracer.topRows = test.listed
		totals, err := tracer.Totals()
		if err != nil || (totals.Tops != nil) != (test.want > 0) {
			t.Fatalf("%d listed: %+v, %v", test.listed, totals.Tops, err)
		}
		if totals.Tops != nil && totals.Tops.Peers.Displaced != uint64(test.want) {
			t.Errorf("displaced %d, want %d", totals.Tops.Peers.Displaced, test.want)
		}
	}
}

// TestTopsReuseMemory: lists of full tables are made every second, and what that
// allocates does not depend on how full they are.
func TestTopsReuseMemory(t *testing.T) {
	const listed = 10
	allocations := func(entries int) (objects float64, bytes uint64) {
		f := newFakeSource()
		for i := range entries {
			peer := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
			f.tops.Owners.Entries = append(f.tops.Owners.Entries, probe.TopCount{Evidence: receivedEvidence, Cgroup: uint64(i % 64), Netns: uint32(i), Events: 1})
			f.tops.Peers.Entries = append(f.tops.Peers.Entries, probe.TopCount{Evidence: closedPortEvidence, Peer: peer, Events: uint64(1 + i%7)})
			f.tops.Ports.Entries = append(f.tops.Ports.Entries, probe.TopCount{Evidence: closedPortEvidence, Port: uint16(i), Events: uint64(i)})
		}
		tracer := tracing(f, "")
		again := func() {
			if _, err := tracer.Tops(listed); err != nil {
				t.Fatal(err)
			}
		}
		again() // it grows to its size
		const runs = 10
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		objects = testing.AllocsPerRun(runs, again)
		runtime.ReadMemStats(&after)
		return objects, (after.TotalAlloc - before.TotalAlloc) / runs
	}
	few, _ := allocations(2 * listed)
	many, bytes := allocations(32_768)
	if many > few+100 { // a map of that size may move some of its entries when it is filled again
		t.Errorf("%.0f objects for full tables, %.0f for small ones", many, few)
	}
	if limit := uint64(listed * 3 * unsafe.Sizeof(event.TopRow{}) * 4); bytes > limit {
		t.Errorf("%d bytes for full tables, want no more than %d", bytes, limit)
	}
}
