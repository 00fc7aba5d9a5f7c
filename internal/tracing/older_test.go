package tracing_test

import (
	"context"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/actor"
	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// olderConnections are connections between two processes that were there before
// the tracer.
type olderConnections struct {
	t              *testing.T
	netns          uint32
	server, client *actor.Process
	listener       int
	at             netip.AddrPort // the server's end
}

func newOlderConnections(t *testing.T) *olderConnections {
	t.Helper()
	n, err := netns.New("older")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	o := &olderConnections{t: t, netns: n.Inode(), at: netip.MustParseAddrPort("127.0.0.1:8080")}
	for name, p := range map[string]**actor.Process{"server": &o.server, "client": &o.client} {
		if *p, err = actor.Start(t.Context(), n.Do, name); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { (*p).Kill() })
	}
	const backlog = 8
	o.listener = o.call(o.server, actor.Request{Op: actor.OpSocket, Family: unix.AF_INET}).FD
	o.call(o.server, actor.Request{Op: actor.OpBind, FD: o.listener, Addr: o.at})
	o.call(o.server, actor.Request{Op: actor.OpListen, FD: o.listener, N: backlog})
	return o
}

func (o *olderConnections) call(p *actor.Process, r actor.Request) actor.Reply {
	o.t.Helper()
	return ask(o.t, p, r)
}

// olderConnection is one of them; its server's descriptor is -1 where nobody has
// accepted.
type olderConnection struct {
	client, server int
	port           uint16 // of the client
}

func (o *olderConnections) connect(accept bool) olderConnection {
	o.t.Helper()
	c := olderConnection{server: -1}
	c.client = o.call(o.client, actor.Request{Op: actor.OpSocket, Family: unix.AF_INET}).FD
	o.call(o.client, actor.Request{Op: actor.OpConnect, FD: c.client, Addr: o.at})
	c.port = o.call(o.client, actor.Request{Op: actor.OpLocalName, FD: c.client}).Addr.Port()
	if accept {
		c.server = o.call(o.server, actor.Request{Op: actor.OpAccept, FD: o.listener}).FD
	}
	return c
}

func (o *olderConnections) close(p *actor.Process, fd int) {
	o.call(p, actor.Request{Op: actor.OpClose, FD: fd})
}

func (o *olderConnections) abort(p *actor.Process, fd int) {
	o.call(p, actor.Request{Op: actor.OpLinger, FD: fd})
	o.close(p, fd)
}

func (o *olderConnections) write(p *actor.Process, fd int) {
	o.call(p, actor.Request{Op: actor.OpWrite, FD: fd, N: 1})
}

// olderEnd is an end of one of them.
type olderEnd struct {
	port   uint16 // of the client
	server bool
}

// olderOwner is who must be named for an end, and how that may be known.
type olderOwner struct {
	process *actor.Process // nil: nobody
	sources []event.OwnerSource
}

// TestOwnersOlderThanTracer: what rsttrace finds when it starts has owners like
// all that comes later, but for those who had gone by then.
func TestOwnersOlderThanTracer(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	o := newOlderConnections(t)
	open, unread, closed, inRing := o.connect(true), o.connect(true), o.connect(true), o.connect(true)
	queued := o.connect(false)
	o.write(o.client, unread.client)
	o.close(o.server, closed.server)
	hasRing := o.moveToRing(inRing)

	traced, err := tracing.Open(tracing.Options{Filter: tracing.InNetns(o.netns)})
	if err != nil {
		t.Fatal(err)
	}
	defer traced.Close()
	o.abort(o.client, open.client)
	o.close(o.server, unread.server)
	o.abort(o.client, queued.client)
	o.write(o.client, closed.client)
	o.abort(o.server, inRing.server)

	own := []event.OwnerSource{event.FromCurrent}
	found := []event.OwnerSource{event.FromSocket}
	want := map[olderEnd]olderOwner{
		{open.port, false}:   {o.client, own},
		{open.port, true}:    {o.server, found},
		{unread.port, false}: {o.client, found},
		{unread.port, true}:  {o.server, own},
		{queued.port, false}: {o.client, own},
		{queued.port, true}:  {o.server, []event.OwnerSource{event.FromListener}},
		{closed.port, false}: {o.client, []event.OwnerSource{event.FromSocket, event.FromCurrent}},
		{closed.port, true}:  {},
		{inRing.port, true}:  {o.server, own},
		{inRing.port, false}: {},
	}
	if !hasRing {
		want[olderEnd{inRing.port, false}] = olderOwner{o.client, found}
	}
	o.compare(o.collect(traced), want)
}

// moveToRing leaves the client's end to an io_uring, where there is any.
func (o *olderConnections) moveToRing(c olderConnection) bool {
	reply, err := o.client.Call(actor.Request{Op: actor.OpRingInstall, FD: c.client})
	if err != nil {
		o.t.Fatal(err)
	}
	if reply.Errno != "" {
		return false
	}
	o.close(o.client, c.client)
	return true
}

// collect ends the tracer and returns what it reported.
func (o *olderConnections) collect(traced *tracing.Tracer) map[olderEnd]event.Event {
	o.t.Helper()
	over, cancel := context.WithCancel(o.t.Context())
	cancel()
	got := make(map[olderEnd]event.Event)
	for e, err := range traced.Events(over) {
		if err != nil {
			o.t.Fatal(err)
		}
		if e.Local.Port == o.at.Port() {
			got[olderEnd{e.Peer.Port, true}] = *e
		} else {
			got[olderEnd{e.Local.Port, false}] = *e
		}
	}
	return got
}

func (o *olderConnections) compare(got map[olderEnd]event.Event, want map[olderEnd]olderOwner) {
	o.t.Helper()
	if len(got) != len(want) {
		o.t.Errorf("%d ends are reported, want %d", len(got), len(want))
	}
	for end, owner := range want {
		e, reported := got[end]
		switch {
		case !reported:
			o.t.Errorf("%+v is not reported", end)
		case owner.process == nil:
			if e.Owner.PID != 0 {
				o.t.Errorf("%s: named %+v, nobody can be known", e.Summary, e.Owner)
			}
		case int(e.Owner.PID) != owner.process.PID || !slices.Contains(owner.sources, e.Owner.Source):
			o.t.Errorf("%s: named %+v, want %s[%d] by one of %v", e.Summary, e.Owner, owner.process.Comm, owner.process.PID, owner.sources)
		}
	}
}
