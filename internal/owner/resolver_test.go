package owner

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	socketA = 0xffff888000000040
	socketB = 0xffff888000000080
)

func resetOf(address, inode uint64) *event.Event {
	return &event.Event{
		Evidence: event.Evidence{Hook: event.HookReceive, Socket: event.SockFull, Facts: event.FactHasSocket},
		Kernel:   event.KernelContext{Socket: event.SocketRef{Address: address, Inode: inode}},
	}
}

func holder(address, inode uint64, pid uint32, comm string) event.Holder {
	return event.Holder{
		Socket:  event.SocketRef{Address: address, Inode: inode},
		Process: event.Process{PID: pid, TID: pid + 1, Comm: comm, UID: 33},
	}
}

func closer(address, inode uint64, pid uint32) event.Holder {
	h := holder(address, inode, pid, "closer")
	h.Closed = true
	return h
}

// search resolves against a fixed picture of the file tables.
func search(t *testing.T, r *Resolver, holders ...event.Holder) {
	t.Helper()
	r.Walk = func([]event.SocketRef) ([]event.Holder, time.Duration, error) { return holders, 0, nil }
	r.nextWalk = time.Time{}
	if err := r.Search(time.Now()); err != nil {
		t.Fatal(err)
	}
}

func TestSearchNames(t *testing.T) {
	var r Resolver
	first, second, other := resetOf(socketA, 1), resetOf(socketA, 1), resetOf(socketB, 2)
	r.Await(first)
	r.Await(second)
	r.Await(other)
	if r.Waiting() != 2 {
		t.Errorf("%d sockets wait, want 2", r.Waiting())
	}
	search(t, &r, holder(socketA, 1, 10, "nginx"))
	uid := uint32(33)
	want := event.Owner{PID: 10, Comm: "nginx", UID: &uid, Source: event.FromSocket}
	for _, e := range []*event.Event{first, second} {
		if diff := cmp.Diff(want, e.Owner); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if !other.Owner.IsZero() || r.Waiting() != 1 {
		t.Errorf("the other socket: %+v; %d wait", other.Owner, r.Waiting())
	}
}

func TestSearchNeverNames(t *testing.T) {
	kernelThread := holder(socketA, 1, 9, "kworker/0:1")
	kernelThread.Process.Kernel = true
	for name, found := range map[string]event.Holder{
		"a new socket at the same address": holder(socketA, 2, 10, "nginx"),
		"another socket":                   holder(socketB, 2, 10, "nginx"),
		"a kernel thread":                  kernelThread,
	} {
		var r Resolver
		e := resetOf(socketA, 1)
		r.Await(e)
		search(t, &r, found)
		if !e.Owner.IsZero() || r.Waiting() != 1 {
			t.Errorf("%s: named %+v, %d wait", name, e.Owner, r.Waiting())
		}
	}
}

// TestSearchMPTCP: the application has the MPTCP socket, the reset was about a
// subflow. They are two sockets with one file.
func TestSearchMPTCP(t *testing.T) {
	var r Resolver
	e := resetOf(socketA, 1)
	r.Await(e)
	search(t, &r, holder(socketB, 1, 10, "nginx"))
	if e.Owner.PID != 10 || r.Waiting() != 0 {
		t.Errorf("named %+v, %d wait", e.Owner, r.Waiting())
	}
}

// TestSearchSharedAddress: a walk takes time, and a socket may be closed and
// its address given to another one meanwhile.
func TestSearchSharedAddress(t *testing.T) {
	var r Resolver
	old, young := resetOf(socketA, 1), resetOf(socketA, 2)
	r.Await(old)
	r.Await(young)
	search(t, &r, holder(socketA, 1, 10, "old"), holder(socketA, 2, 20, "young"))
	if old.Owner.PID != 10 || len(old.Owner.Others) != 0 {
		t.Errorf("the first socket belongs to %+v", old.Owner)
	}
	if young.Owner.PID != 20 || len(young.Owner.Others) != 0 {
		t.Errorf("the second socket belongs to %+v", young.Owner)
	}
	if r.Waiting() != 0 {
		t.Errorf("%d still wait", r.Waiting())
	}
}

func TestSearchSeveralHolders(t *testing.T) {
	var r Resolver
	e := resetOf(socketA, 1)
	r.Await(e)
	search(t, &r,
		holder(socketA, 1, 10, "master"),
		holder(socketA, 1, 30, "worker"),
		holder(socketA, 1, 10, "master"), // a second descriptor
		holder(socketA, 1, 20, "worker"),
	)
	if e.Owner.PID != 30 || e.Owner.TID != 0 {
		t.Errorf("owner %+v, want the youngest, without a thread", e.Owner)
	}
	want := []event.ProcessRef{{PID: 20, Comm: "worker"}, {PID: 10, Comm: "master"}}
	if diff := cmp.Diff(want, e.Owner.Others); diff != "" {
		t.Errorf("others (-want +got):\n%s", diff)
	}
}

// TestSearchYoungest: pids start again from the bottom, so the greatest is not
// the youngest.
func TestSearchYoungest(t *testing.T) {
	var r Resolver
	e := resetOf(socketA, 1)
	r.Await(e)
	master, worker := holder(socketA, 1, 32000, "master"), holder(socketA, 1, 300, "worker")
	master.Started, worker.Started = 1000, 2000
	search(t, &r, master, worker)
	if e.Owner.PID != 300 || len(e.Owner.Others) != 1 || e.Owner.Others[0].PID != 32000 {
		t.Errorf("owner %+v, want the worker, which started last", e.Owner)
	}
}

func TestClosedNames(t *testing.T) {
	var r Resolver
	e := resetOf(socketA, 1)
	r.Await(e)
	h := closer(socketA, 1, 10)
	h.Process.Exiting = true
	h.Process.ExitStatus = 9
	r.Closed(h)
	uid := uint32(33)
	// It ended after the reset: that is not how the reset came about.
	want := event.Owner{PID: 10, TID: 11, Comm: "closer", UID: &uid, Source: event.FromCloser}
	if diff := cmp.Diff(want, e.Owner); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r.Waiting() != 0 {
		t.Errorf("%d still wait", r.Waiting())
	}
	r.Closed(closer(socketB, 1, 11)) // nobody waits for it
}

// TestClosedSharedAddress: under load the kernel gives the address of a closed
// socket to a new one at once, and both their resets may wait at a time.
func TestClosedSharedAddress(t *testing.T) {
	var r Resolver
	first, again, second := resetOf(socketA, 1), resetOf(socketA, 1), resetOf(socketA, 2)
	for _, e := range []*event.Event{first, again, second} {
		r.Await(e)
	}
	r.Closed(closer(socketA, 1, 10))
	if first.Owner.PID != 10 || again.Owner.PID != 10 {
		t.Errorf("the first socket was closed by 10: %+v, %+v", first.Owner, again.Owner)
	}
	if !second.Owner.IsZero() {
		t.Errorf("the second socket is not closed yet: %+v", second.Owner)
	}
	r.Closed(closer(socketA, 2, 20))
	if second.Owner.PID != 20 || r.Waiting() != 0 {
		t.Errorf("the second socket was closed by 20: %+v, %d wait", second.Owner, r.Waiting())
	}
}

// TestClosedByKernel: the one who began the close cannot be named, and the
// next closer at that address is somebody else's.
func TestClosedByKernel(t *testing.T) {
	var r Resolver
	e := resetOf(socketA, 1)
	r.Await(e)
	worker := closer(socketA, 1, 9)
	worker.Process.Kernel = true
	r.Closed(worker)
	r.Closed(closer(socketA, 2, 20))
	if !e.Owner.IsZero() {
		t.Errorf("named %+v", e.Owner)
	}
}

func TestForget(t *testing.T) {
	var r Resolver
	first, second := resetOf(socketA, 1), resetOf(socketA, 1)
	r.Await(first)
	r.Await(second)
	r.Forget(first)
	search(t, &r, holder(socketA, 1, 10, "nginx"))
	if !first.Owner.IsZero() {
		t.Errorf("forgotten and yet named %+v", first.Owner)
	}
	if second.Owner.PID != 10 {
		t.Errorf("the other event of the socket was forgotten too: %+v", second.Owner)
	}
	r.Forget(second) // a second time, and without anything waiting
	if r.Waiting() != 0 {
		t.Errorf("%d still wait", r.Waiting())
	}
}

// TestWalkRate: no walk before the pause of the last one is over, and none while
// nobody waits.
func TestWalkRate(t *testing.T) {
	const pause = time.Minute
	walks := 0
	r := Resolver{Walk: func(sockets []event.SocketRef) ([]event.Holder, time.Duration, error) {
		walks++
		if len(sockets) != 1 || sockets[0].Inode != 1 {
			t.Errorf("it looks for %v, want inode 1", sockets)
		}
		return nil, pause, nil
	}}
	start := time.Now()
	step := func(now time.Time, want int, why string) {
		t.Helper()
		if err := r.Search(now); err != nil {
			t.Fatal(err)
		}
		if walks != want {
			t.Fatalf("%d walks, want %d: %s", walks, want, why)
		}
	}
	step(start, 0, "nobody waits")
	r.Await(resetOf(socketA, 1))
	r.Await(resetOf(socketB, 1)) // the same file
	step(start, 1, "the first search is at once")
	step(start.Add(pause), 1, "too early: the pause begins when the walk ends")
	step(start.Add(time.Hour), 2, "due again")
}

// nobodyFound is a walk that finds nobody.
func nobodyFound([]event.SocketRef) ([]event.Holder, time.Duration, error) { return nil, 0, nil }

// TestTooLate: an event counts that is shown before its socket was looked for.
func TestTooLate(t *testing.T) {
	for name, c := range map[string]struct {
		walk bool
		want uint64
	}{
		"not looked for":          {false, 1},
		"looked for, in no table": {true, 0},
	} {
		e := resetOf(socketA, 1)
		r := Resolver{Walk: nobodyFound}
		r.Await(e)
		if c.walk {
			if err := r.Search(time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		r.GiveUp(e)
		if r.NotSearched() != c.want || r.Waiting() != 0 || len(r.walked) != 0 {
			t.Errorf("%s: %d too late, want %d; %d still wait", name, r.NotSearched(), c.want, r.Waiting())
		}
	}
}

// TestWaits: for Patience in any case, and longer if no walk has looked for the owner. A
// walk has not if the event was read only afterwards, whenever its hook was.
func TestWaits(t *testing.T) {
	named := resetOf(socketA, 1)
	named.Owner = event.Owner{PID: 10, Source: event.FromSocket}
	for name, c := range map[string]struct {
		event         *event.Event
		walk          func([]event.SocketRef) ([]event.Holder, time.Duration, error)
		before, after bool // walks, by when the event is awaited
		until         time.Duration
	}{
		"looked for":                     {resetOf(socketA, 1), nobodyFound, false, true, Patience},
		"read after a walk, hook before": {resetOf(socketA, 1), nobodyFound, true, false, PatienceToWalk},
		"nothing to walk":                {resetOf(socketA, 1), nil, false, false, Patience},
		"the owner is known":             {named, nobodyFound, false, false, 0},
	} {
		hook := time.Now()
		c.event.Time = hook
		r := Resolver{Walk: c.walk}
		if c.before {
			r.Await(resetOf(socketB, 2))
			if err := r.Search(time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		r.Await(c.event)
		if c.after {
			if err := r.Search(time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		for age, want := range map[time.Duration]bool{c.until - 1: c.until > 0, c.until: false} {
			if got := r.Pending(c.event, hook.Add(age)); got != want {
				t.Errorf("%s: after %s it waits: %t", name, age, got)
			}
		}
	}
}

// TestClockSetBack: an event whose time is an hour ahead does not wait for an hour.
func TestClockSetBack(t *testing.T) {
	for name, walk := range map[string]func([]event.SocketRef) ([]event.Holder, time.Duration, error){"a walk is due": nobodyFound, "nothing to walk": nil} {
		e := resetOf(socketA, 1)
		e.Time = time.Now().Add(time.Hour)
		r := Resolver{Walk: walk}
		r.Await(e)
		if r.Pending(e, time.Now()) {
			t.Errorf("%s: it waits", name)
		}
	}
}

func TestWalkFails(t *testing.T) {
	failure := errors.New("no such iterator")
	r := Resolver{Walk: func([]event.SocketRef) ([]event.Holder, time.Duration, error) { return nil, 0, failure }}
	r.Await(resetOf(socketA, 1))
	if err := r.Search(time.Now()); !errors.Is(err, failure) {
		t.Errorf("error %v", err)
	}
	if r.Waiting() != 1 {
		t.Error("a failed walk settled something")
	}
	r = Resolver{}
	r.Await(resetOf(socketA, 1))
	if err := r.Search(time.Now()); err != nil {
		t.Errorf("without a way to walk: %v", err)
	}
}
