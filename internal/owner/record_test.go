package owner

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/event"
)

func pointer[T any](v T) *T { return &v }

func TestFromRecord(t *testing.T) {
	nginx := event.Process{PID: 10, TID: 12, Comm: "nginx", UID: 33}
	kworker := event.Process{PID: 9, Comm: "kworker/0:1", Kernel: true}
	swapper := event.Process{Kernel: true}
	for name, test := range map[string]struct {
		current, closer event.Process
		facts           event.Facts
		settled         bool
		want            event.Owner
	}{
		"its own system call": {
			current: nginx, facts: event.FactOwned | event.FactHasSocket, settled: true,
			want: event.Owner{PID: 10, TID: 12, Comm: "nginx", UID: pointer[uint32](33), Source: event.FromCurrent},
		},
		"current comes before closer": {
			current: nginx, closer: event.Process{PID: 20, Comm: "other"}, settled: true,
			want: event.Owner{PID: 10, TID: 12, Comm: "nginx", UID: pointer[uint32](33), Source: event.FromCurrent},
		},
		"a kernel thread closes for somebody":  {current: kworker, settled: true},
		"the idle thread, which has no pid":    {current: swapper, settled: true},
		"a kernel thread hides no other owner": {current: kworker, closer: nginx, settled: true},
		"a kernel thread closed it earlier":    {closer: kworker, settled: true},
		"closed earlier": {
			closer: nginx, settled: true,
			want: event.Owner{PID: 10, TID: 12, Comm: "nginx", UID: pointer[uint32](33), Source: event.FromCloser},
		},
		"closed earlier, yet a socket is left": {
			closer: nginx, facts: event.FactHasSocket, settled: true,
			want: event.Owner{PID: 10, TID: 12, Comm: "nginx", UID: pointer[uint32](33), Source: event.FromCloser},
		},
		"a root process": {
			current: event.Process{PID: 1, TID: 1, Comm: "init"}, settled: true,
			want: event.Owner{PID: 1, TID: 1, Comm: "init", UID: pointer[uint32](0), Source: event.FromCurrent},
		},
		"only the creator is known, as another was left with the last reference": {
			current: event.Process{PID: 10, Comm: "nginx", UID: 33, Creator: true}, facts: event.FactOwned | event.FactHasSocket, settled: true,
			want: event.Owner{PID: 10, Comm: "nginx", UID: pointer[uint32](33), Source: event.FromCreator},
		},
		"the same at an earlier close": {
			closer: event.Process{PID: 10, Comm: "nginx", UID: 33, Creator: true}, settled: true,
			want: event.Owner{PID: 10, Comm: "nginx", UID: pointer[uint32](33), Source: event.FromCreator},
		},
		"alive":     {facts: event.FactHasSocket, settled: false},
		"no socket": {settled: true},
		"an orphan": {facts: event.FactDead, settled: true},
	} {
		t.Run(name, func(t *testing.T) {
			e := event.Event{
				Evidence: event.Evidence{Facts: test.facts},
				Kernel:   event.KernelContext{Current: test.current, Closer: test.closer},
			}
			if settled := new(Resolver).FromRecord(&e); settled != test.settled {
				t.Errorf("settled: %v", settled)
			}
			if diff := cmp.Diff(test.want, e.Owner); diff != "" {
				t.Errorf("owner (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEnded(t *testing.T) {
	for name, test := range map[string]struct {
		exiting bool
		status  uint32
		want    event.Ended
	}{
		"lives":                  {false, 9, event.Ended{}},
		"exit 0":                 {true, 0, event.Ended{ExitCode: pointer(0)}},
		"exit 255":               {true, 255 << 8, event.Ended{ExitCode: pointer(255)}},
		"kill -9":                {true, 9, event.Ended{Signal: "SIGKILL"}},
		"crash with a core dump": {true, 11 | 0x80, event.Ended{Signal: "SIGSEGV"}},
	} {
		got := EndedOf(event.Process{Exiting: test.exiting, ExitStatus: test.status})
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestFallBackToConnector: who connected is named only where nothing better is known.
func TestFallBackToConnector(t *testing.T) {
	curl := event.Process{PID: 10, TID: 11, Comm: "curl", UID: 33}
	connected := event.Owner{PID: 10, TID: 11, Comm: "curl", UID: pointer[uint32](33), Source: event.FromConnector}
	held := event.Owner{PID: 20, Comm: "worker", Source: event.FromSocket}
	for name, test := range map[string]struct {
		kernel      event.KernelContext
		known, want event.Owner
	}{
		"in no file table":              {kernel: event.KernelContext{Connector: curl}, want: connected},
		"a kernel thread closes for it": {kernel: event.KernelContext{Connector: curl, Current: event.Process{PID: 9, Kernel: true}}, want: connected},
		"passed on since":               {kernel: event.KernelContext{Connector: curl}, known: held, want: held},
		"accepted":                      {},
		"the kernel's own connection":   {kernel: event.KernelContext{Connector: event.Process{PID: 9, Comm: "kworker/0:1", Kernel: true}}},
		"its own system call comes first": {kernel: event.KernelContext{Connector: curl, Current: event.Process{PID: 20, Comm: "worker"}},
			want: event.Owner{PID: 20, Comm: "worker", UID: pointer[uint32](0), Source: event.FromCurrent}},
	} {
		e := event.Event{Evidence: event.Evidence{Facts: event.FactHasSocket}, Kernel: test.kernel, Owner: test.known}
		new(Resolver).FromRecord(&e)
		new(Resolver).FallBackToConnector(&e)
		if diff := cmp.Diff(test.want, e.Owner); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestAttemptGivenUp: a SYN-ACK that finds no socket is told by who closed the attempt,
// not by who closed an earlier connection of these addresses.
func TestAttemptGivenUp(t *testing.T) {
	for from, want := range map[event.State]uint32{event.StateSynSent: 10, event.StateEstablished: 0} {
		e := event.Event{
			Evidence: event.Evidence{Hook: event.HookSendReply, Socket: event.SockNone, Packet: event.SYN | event.ACK},
			Kernel: event.KernelContext{
				Closer:  event.Process{PID: 10, Comm: "curl"},
				Closing: event.Closing{From: from, To: event.StateClose},
			},
		}
		new(Resolver).FromRecord(&e)
		if e.Owner.PID != want {
			t.Errorf("closed in %s: owner %+v, want pid %d", from, e.Owner, want)
		}
	}
}

// TestRemembered: who closed a connection is its owner, but not who destroyed it,
// whether a listener is in its place or not.
func TestRemembered(t *testing.T) {
	for name, test := range map[string]struct {
		how  event.Closing
		want bool
	}{
		"by FIN":                        {event.Closing{From: event.StateEstablished, To: event.StateFinWait1}, true},
		"at once, by close":             {event.Closing{From: event.StateEstablished, To: event.StateClose, OwnerClosed: true}, true},
		"with data unread":              {event.Closing{From: event.StateEstablished, To: event.StateClose, Unread: true}, true},
		"by a RST, in the owner's call": {event.Closing{From: event.StateEstablished, To: event.StateClose, EndedBy: event.EndedByReset}, true},
		"by a timer that had to wait":   {event.Closing{From: event.StateEstablished, To: event.StateClose, EndedBy: event.EndedByTimeout}, true},
		"destroyed":                     {event.Closing{From: event.StateEstablished, To: event.StateClose}, false},
	} {
		for _, socket := range []event.SockKind{event.SockNone, event.SockFull} {
			e := event.Event{
				Evidence: event.Evidence{Hook: event.HookSendReply, Socket: socket, Packet: event.ACK, Facts: event.FactRemembered},
				Kernel:   event.KernelContext{Closer: event.Process{PID: 10, Comm: "ss", Cgroup: 70}, Closing: test.how},
			}
			new(Resolver).FromRecord(&e)
			if named := e.Owner.PID == 10; named != test.want || named != (e.Kernel.OwnerCgroup == 70) {
				t.Errorf("%s, %v: owner %+v in %d", name, socket, e.Owner, e.Kernel.OwnerCgroup)
			}
		}
	}
}
