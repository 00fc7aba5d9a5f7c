package tracing_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/actor"
	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// talker is a process with a listener that it can connect to itself.
type talker struct {
	*resident
	listener int
	at       netip.AddrPort
}

// newTalker starts a process in a namespace and, unless that is "", in a control
// group, which it makes.
func newTalker(t *testing.T, n *netns.Namespace, name, group string) *talker {
	t.Helper()
	if group != "" {
		makeGroup(t, group)
	}
	process, err := actor.Start(t.Context(), n.Do, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { process.Kill() })
	talk := &talker{resident: &resident{Process: process, t: t, netns: n}}
	if group != "" {
		if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(process.PID)), 0); err != nil {
			t.Fatal(err)
		}
	}
	talk.listener = talk.socket()
	talk.do(actor.Request{Op: actor.OpBind, FD: talk.listener, Addr: netip.MustParseAddrPort("127.0.0.1:0")})
	talk.do(actor.Request{Op: actor.OpListen, FD: talk.listener, N: 8})
	talk.at = talk.do(actor.Request{Op: actor.OpLocalName, FD: talk.listener}).Addr
	return talk
}

func makeGroup(t *testing.T, group string) {
	t.Helper()
	for _, folder := range []string{filepath.Dir(group), group} {
		err := os.Mkdir(folder, 0o755)
		if os.IsExist(err) {
			continue
		}
		if err != nil {
			t.Skipf("no control group can be made here: %v", err)
		}
		t.Cleanup(func() {
			if err := os.Remove(folder); err != nil && !os.IsNotExist(err) {
				t.Error(err)
			}
		})
	}
}

func (k *talker) socket() int {
	return k.do(actor.Request{Op: actor.OpSocket, Family: unix.AF_INET}).FD
}

func (k *talker) connection() (client, server int) {
	client = k.socket()
	k.do(actor.Request{Op: actor.OpConnect, FD: client, Addr: k.at})
	return client, k.do(actor.Request{Op: actor.OpAccept, FD: k.listener}).FD
}

// abort sends a RST from its own close, and receives it.
func (k *talker) abort(times int) {
	for range times {
		client, server := k.connection()
		k.do(actor.Request{Op: actor.OpLinger, FD: client})
		k.do(actor.Request{Op: actor.OpClose, FD: client})
		k.do(actor.Request{Op: actor.OpClose, FD: server})
	}
}

// answer sends a RST from a socket that no process has any more.
func (k *talker) answer() {
	client, server := k.connection()
	k.do(actor.Request{Op: actor.OpClose, FD: server})
	k.do(actor.Request{Op: actor.OpWrite, FD: client, N: 1})
	k.do(actor.Request{Op: actor.OpClose, FD: client})
}

// refused connects to a port where nothing listens: the RST comes from no socket.
func (k *talker) refused() {
	client := k.socket()
	reply, err := k.Call(actor.Request{Op: actor.OpConnect, FD: client, Addr: netip.MustParseAddrPort("127.0.0.1:1")})
	if err != nil || reply.Errno != "ECONNREFUSED" {
		k.t.Errorf("connect to a closed port: %v, %v", reply, err)
	}
	k.do(actor.Request{Op: actor.OpClose, FD: client})
}

// roomOf is how many events the ring of wantedIn has room for, at the very most.
const (
	ringOfWanted = 64 << 10
	roomOf       = ringOfWanted / 300
)

// wantedIn traces a namespace with a filter and a small ring.
func wantedIn(t *testing.T, n *netns.Namespace, via event.Method, wanted string) *tracing.Tracer {
	t.Helper()
	traced, err := tracing.Open(tracing.Options{
		Attach: via, RingSize: ringOfWanted, NoFollowups: true,
		Filter: filter.And(tracing.InNetns(n.Inode()), filter.MustParse(wanted)),
	})
	if err != nil && via != "" {
		t.Skipf("this kernel refuses %s: %v", via, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { traced.Close() })
	return traced
}

// next reads n events that are shown.
func next(t *testing.T, traced *tracing.Tracer, n int) []event.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var events []event.Event
	for e, err := range traced.Events(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if events = append(events, *e); len(events) == n {
			return events
		}
	}
	t.Fatalf("%d events, want %d: %+v", len(events), n, events)
	return nil
}

// rest ends the stream and wants no more events.
func rest(t *testing.T, traced *tracing.Tracer) {
	t.Helper()
	for _, e := range drained(t, traced) {
		t.Errorf("one more event: %s, %+v", e.Cause, e.Owner)
	}
}

// heldBack wants that all but few of the events stayed in the kernel, and that
// they are in the totals.
func heldBack(t *testing.T, traced *tracing.Tracer, abortions uint64) {
	t.Helper()
	if used := traced.Session().RingHighWater(); used > ringOfWanted/4 {
		t.Errorf("%d bytes of the ring were used: what is not wanted came through", used)
	}
	totals, err := traced.Totals()
	if err != nil {
		t.Fatal(err)
	}
	var aborted uint64
	for _, count := range totals.Counts {
		if count.Cause == cause.LingerZero && count.Dir == event.Sent {
			aborted += count.Events
		}
	}
	// Not shown are the aborts of others. The received ends are counted only if the
	// filter may show some.
	const shown = 2
	if totals.Lost != 0 || aborted < abortions || totals.NotShown < abortions-shown || totals.Events() != totals.Shown+totals.NotShown {
		t.Errorf("%d aborts are in the totals, want %d; %+v", aborted, abortions, totals)
	}
}

func inNamespace(t *testing.T) *netns.Namespace {
	t.Helper()
	roottest.Need(t, roottest.BPF)
	n, err := netns.New("wanted")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

// TestWantedProcesses: what a process does to its own sockets is held back in the
// kernel if another is asked for.
func TestWantedProcesses(t *testing.T) {
	n := inNamespace(t)
	wanted, other := newTalker(t, n, "wanted", ""), newTalker(t, n, "other", "")
	pid, comm := fmt.Sprintf("pid in (1, %d)", wanted.PID), fmt.Sprintf("comm in (nobody, %s)", wanted.Comm)
	for _, test := range []struct {
		name   string
		filter string
		via    event.Method // "": the best that there is
	}{
		{"pid", pid, ""},
		{"comm", comm, ""},
		{"by fentry", pid + " and " + comm, event.Fentry},
		{"by kprobe", pid + " and " + comm, event.Kprobe},
		{"by tracepoint", pid + " and " + comm, event.Tracepoint},
	} {
		t.Run(test.name, func(t *testing.T) {
			traced := wantedIn(t, n, test.via, "sent and "+test.filter) // the process that receives is found in user space
			other.abort(roomOf)
			wanted.abort(2)
			for _, e := range next(t, traced, 2) {
				if int(e.Owner.PID) != wanted.PID || e.Owner.Source != event.FromCurrent {
					t.Errorf("owner %+v, want %d", e.Owner, wanted.PID)
				}
			}
			rest(t, traced)
			heldBack(t, traced, roomOf+2)
		})
	}
}

// TestWantedAsPrinted: a name that is printed with escapes finds its process.
func TestWantedAsPrinted(t *testing.T) {
	n := inNamespace(t)
	wanted, other := newTalker(t, n, "es\x1bca\xffpe", ""), newTalker(t, n, "other", "")
	for _, name := range []string{`lab-es\x1bca\xffpe`, "lab-es\x1bca\ufffdpe", `lab-es\u001bca\ufffdpe`, wanted.Comm} {
		byName, err := filter.Term("comm", []string{name}, filter.Vocabulary{})
		if err != nil {
			t.Fatal(err)
		}
		traced := wantedIn(t, n, "", byName.String()+" and sent")
		other.abort(2)
		wanted.abort(2)
		for _, e := range next(t, traced, 2) {
			if int(e.Owner.PID) != wanted.PID {
				t.Errorf("%q finds %+v, want %d", name, e.Owner, wanted.PID)
			}
		}
		rest(t, traced)
	}
}

// TestWantedOwners: who did it may not be who owns it, or may not be known in the
// kernel. Then user space decides.
func TestWantedOwners(t *testing.T) {
	n := inNamespace(t)
	wanted, other := newTalker(t, n, "wanted", ""), newTalker(t, n, "other", "")
	destroyer, stranger := newTalker(t, n, "destroyer", ""), newTalker(t, n, "stranger", "")
	destroy := func() bool {
		client, server := wanted.connection()
		local := wanted.do(actor.Request{Op: actor.OpLocalName, FD: client}).Addr
		reply, err := destroyer.Call(actor.Request{Op: actor.OpDestroy, Addr: local, Peer: wanted.at})
		if err != nil {
			t.Fatal(err)
		}
		wanted.do(actor.Request{Op: actor.OpClose, FD: client})
		wanted.do(actor.Request{Op: actor.OpClose, FD: server})
		return reply.Errno == ""
	}
	for _, test := range []struct {
		name   string
		filter string
		want   []event.CauseID // of what wanted and destroyer do
	}{
		{"owner", fmt.Sprint("pid ", wanted.PID), []event.CauseID{cause.LingerZero, cause.PeerAborted, cause.Refused, cause.SocketDestroyed, cause.PeerAborted}},
		{"by", "comm " + destroyer.Comm, []event.CauseID{cause.SocketDestroyed}},
		{"neither", fmt.Sprint("pid ", stranger.PID), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			traced := wantedIn(t, n, "", test.filter)
			other.abort(3)
			wanted.abort(1)
			wanted.refused()
			if !destroy() {
				t.Skip("SOCK_DESTROY is missing: kernel module tcp_diag")
			}
			if len(test.want) > 0 {
				checkCauses(t, next(t, traced, len(test.want)), test.want...)
			}
			rest(t, traced)
		})
	}
}

const (
	aContainer = "3f2a9c0d11e2b4a5968778695a4b3c2d1e0f112233445566778899aabbccddee"
	bContainer = "4f2a9c0d11e2b4a5968778695a4b3c2d1e0f112233445566778899aabbccddee"
)

// hasV1 reports whether there are hierarchies beside cgroup v2. A socket's cgroup
// then does not always tell where its process is.
func hasV1(t *testing.T) bool {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(mounts), " - cgroup ")
}

// TestWantedCgroups: what is in other control groups is held back in the kernel
// once it is known, and nothing of the wanted ones is: not from below them, not
// from groups that are younger than rsttrace, not from those that are made anew.
func TestWantedCgroups(t *testing.T) {
	top := unifiedHierarchy(t)
	prefix := fmt.Sprintf("rsttrace-%d-", os.Getpid())
	path := func(name string) string { return "/" + prefix + name }
	for _, test := range []struct {
		name          string
		wanted, other string // control groups
		filter        string
		inKernel      bool
	}{
		{
			"cgroup", "wanted.slice/docker-" + aContainer + ".scope", "other.slice/docker-" + bContainer + ".scope",
			"cgroup in (/no/such, " + path("wanted.slice") + ")", true,
		},
		{
			"unit", "wanted.slice/web.service", "other.slice/web.service",
			"unit " + prefix + "wanted.slice", !hasV1(t),
		},
		{
			"container", "wanted.slice/docker-" + aContainer + ".scope", "other.slice/docker-" + bContainer + ".scope",
			"container " + aContainer[:12], true,
		},
		{
			"container as printed", "wanted.slice/docker-" + aContainer + ".scope", "other.slice/docker-" + bContainer + ".scope",
			"container " + "docker/" + aContainer[:12], true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := inNamespace(t)
			group := filepath.Join(top, prefix+test.wanted)
			stranger := newTalker(t, n, "stranger", "") // in no group of ours
			traced := wantedIn(t, n, "", test.filter)
			wanted, other := newTalker(t, n, "wanted", group), newTalker(t, n, "other", filepath.Join(top, prefix+test.other))

			// The first of the other is refused in user space.
			other.abort(1)
			stranger.abort(1)
			stranger.refused()
			wanted.abort(1)
			checkGroup(t, next(t, traced, 2), test.wanted, cause.LingerZero, cause.PeerAborted)

			// Nobody reads now: what comes through fills the ring.
			if test.inKernel {
				other.abort(roomOf)
			}
			wanted.refused()
			wanted.answer()
			checkGroup(t, next(t, traced, 3), test.wanted, cause.Refused, cause.DataAfterClose, cause.WroteAfterPeerClose)

			// A service that is started again has a new group of the same name.
			wanted.Kill()
			if err := os.Remove(group); err != nil {
				t.Fatal(err)
			}
			wanted = newTalker(t, n, "wanted", group)
			wanted.abort(1)
			checkGroup(t, next(t, traced, 2), test.wanted, cause.LingerZero, cause.PeerAborted)
			rest(t, traced)
			if test.inKernel {
				heldBack(t, traced, roomOf)
			}
		})
	}
}

func checkGroup(t *testing.T, events []event.Event, group string, causes ...event.CauseID) {
	t.Helper()
	checkCauses(t, events, causes...)
	for _, e := range events {
		if !strings.HasSuffix(e.Owner.Cgroup, group) {
			t.Errorf("%s of %+v, want %s", e.Cause, e.Owner, group)
		}
	}
}

// checkCauses wants these events. Some hooks of the end that sends run after those
// of the end that receives.
func checkCauses(t *testing.T, events []event.Event, want ...event.CauseID) {
	t.Helper()
	var got []event.CauseID
	for _, e := range events {
		got = append(got, e.Cause)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
}
