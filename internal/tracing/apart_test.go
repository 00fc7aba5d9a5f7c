package tracing_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/actor"
	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// resident is a process with a network namespace, a control group and a user of
// its own.
type resident struct {
	*actor.Process
	t     *testing.T
	netns *netns.Namespace
	unit  string
	uid   uint32
}

func newResident(t *testing.T, name string, uid uint32) *resident {
	t.Helper()
	n, err := netns.New(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	r := &resident{t: t, netns: n, unit: fmt.Sprintf("rsttrace-%d-%s.service", os.Getpid(), name), uid: uid}
	group := filepath.Join(unifiedHierarchy(t), r.unit)
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Skipf("no control group can be made here: %v", err)
	}
	t.Cleanup(func() { removeGroup(t, group) })
	if r.Process, err = actor.Start(t.Context(), n.Do, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Kill() })
	if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(r.PID)), 0); err != nil {
		t.Fatal(err)
	}
	r.do(actor.Request{Op: actor.OpUser, N: int(uid)})
	return r
}

func removeGroup(t *testing.T, group string) {
	t.Helper()
	if err := os.Remove(group); err != nil {
		t.Error(err)
	}
}

// unifiedHierarchy is where cgroup v2 is mounted.
func unifiedHierarchy(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		var stat unix.Statfs_t
		if unix.Statfs(path, &stat) == nil && stat.Type == unix.CGROUP2_SUPER_MAGIC {
			return path
		}
	}
	t.Skip("cgroup v2 is not mounted")
	return ""
}

func (r *resident) do(request actor.Request) actor.Reply {
	r.t.Helper()
	return ask(r.t, r.Process, request)
}

// ask has a process do something that must succeed.
func ask(t *testing.T, p *actor.Process, r actor.Request) actor.Reply {
	t.Helper()
	reply, err := p.Call(r)
	if err != nil {
		t.Fatal(err)
	}
	if reply.Errno != "" {
		t.Fatalf("%s: %s: %s", p.Name, r.Op, reply.Errno)
	}
	return reply
}

func (r *resident) check(e *event.Event) {
	r.t.Helper()
	o := &e.Owner
	if int(o.PID) != r.PID || o.Comm != r.Comm || o.UID == nil || *o.UID != r.uid || o.Unit != r.unit || !strings.HasSuffix(o.Cgroup, "/"+r.unit) {
		r.t.Errorf("%s: owner %+v, want %s[%d] of user %d in %s", e.Cause, *o, r.Comm, r.PID, r.uid, r.unit)
	}
}

// TestOwnersApart: each end of a reset has its own process, user, control group
// and network namespace.
func TestOwnersApart(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	const clientUser, serverUser = 12001, 12002
	client, server := newResident(t, "client", clientUser), newResident(t, "server", serverUser)
	clientAt, serverAt := netip.MustParsePrefix("10.77.9.1/24"), netip.MustParsePrefix("10.77.9.2/24")
	if err := netns.Connect(client.netns, server.netns, "apart0", clientAt, serverAt); err != nil {
		t.Fatal(err)
	}
	if err := netns.AwaitReachable(t.Context(), client.netns, clientAt.Addr(), server.netns, serverAt.Addr()); err != nil {
		t.Fatal(err)
	}
	traced, err := tracing.Open(tracing.Options{Filter: tracing.InNetns(client.netns.Inode(), server.netns.Inode())})
	if err != nil {
		t.Fatal(err)
	}
	defer traced.Close()
	abortBetween(client, server, netip.AddrPortFrom(serverAt.Addr(), 8080))

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := make(map[event.CauseID]int)
	for e, err := range traced.Events(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			continue
		}
		seen[e.Cause]++
		if e.Netns.Inode == server.netns.Inode() {
			server.check(e)
		} else {
			client.check(e)
		}
		if len(seen) == 2 {
			cancel()
		}
	}
	if seen[cause.LingerZero] != 1 || len(seen) != 2 {
		t.Errorf("causes %v, want linger-zero and that it arrived", seen)
	}
}

// abortBetween connects the two; the client aborts.
func abortBetween(client, server *resident, at netip.AddrPort) {
	listener := server.do(actor.Request{Op: actor.OpSocket, Family: unix.AF_INET}).FD
	server.do(actor.Request{Op: actor.OpBind, FD: listener, Addr: at})
	server.do(actor.Request{Op: actor.OpListen, FD: listener, N: 1})
	socket := client.do(actor.Request{Op: actor.OpSocket, Family: unix.AF_INET}).FD
	client.do(actor.Request{Op: actor.OpConnect, FD: socket, Addr: at})
	server.do(actor.Request{Op: actor.OpAccept, FD: listener})
	client.do(actor.Request{Op: actor.OpLinger, FD: socket})
	client.do(actor.Request{Op: actor.OpClose, FD: socket})
}
