package probe

import (
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestHideCgroup: sockets of a hidden control group send no details, for as long
// as it is hidden. What has no socket does, and every event is counted.
func TestHideCgroup(t *testing.T) {
	namespace := newNamespace(t)
	s := openSession(t, Options{Selection: Selection{Netns: []uint32{namespace.Inode()}, Cgroups: true}})
	if !s.Visibility().Socketless {
		t.Skip("the attach method does not see resets without a socket (Linux 6.10)")
	}
	const connects = 5
	of := func() (received int, cgroup uint64) {
		t.Helper()
		refuseConnects(t, namespace, connects)
		var batch Batch
		for sent, patience := 0, time.Now().Add(20*time.Second); sent < connects; {
			if time.Now().After(patience) {
				t.Fatalf("%d events without a socket, want %d", sent, connects)
			}
			if err := s.Read(t.Context(), &batch, patience); err != nil {
				t.Fatal(err)
			}
			for _, e := range batch.Resets {
				switch e.Evidence.Hook {
				case event.HookSendReply:
					sent++
				case event.HookReceive:
					received++
					cgroup = e.Kernel.Cgroup
				}
			}
		}
		return received, cgroup
	}
	hide := func(id uint64, while time.Duration) {
		t.Helper()
		if err := s.HideCgroup(id, while); err != nil {
			t.Fatal(err)
		}
	}
	received, cgroup := of()
	if received != connects {
		t.Fatalf("%d received before anything was hidden, want %d", received, connects)
	}
	if cgroup == 0 {
		t.Skip("sockets have no cgroup here: before Linux 5.15 a v1 class takes its place")
	}
	for _, step := range []struct {
		what  string
		id    uint64
		while time.Duration
		want  int
	}{
		{"another is hidden", cgroup + 1<<40, 0, connects},
		{"hidden for an hour", cgroup, time.Hour, 0},
		{"hidden until now", cgroup, time.Nanosecond, connects},
		{"hidden for good", cgroup, 0, 0},
	} {
		hide(step.id, step.while)
		if received, _ := of(); received != step.want {
			t.Errorf("%s: %d received, want %d", step.what, received, step.want)
		}
	}
	counts, err := s.Counts()
	if err != nil {
		t.Fatal(err)
	}
	var counted uint64
	for _, c := range counts.ByEvidence {
		if c.Evidence.Hook == event.HookReceive {
			counted += c.Events
		}
	}
	if counted < 5*connects || counts.Lost != 0 {
		t.Errorf("%d received are counted, want %d; %d lost", counted, 5*connects, counts.Lost)
	}
}

// TestHideManyCgroups: more than the map holds make room for each other.
func TestHideManyCgroups(t *testing.T) {
	s := openSession(t, Options{Selection: Selection{Cgroups: true}})
	for id := range uint64(2 * cgroupsMax) {
		if err := s.HideCgroup(1<<40+id, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLongLists: the kernel side takes a list as a whole or not at all.
func TestLongLists(t *testing.T) {
	var pids []uint32
	var comms []string
	for i := range 1 + max(pidsMax, commsMax) {
		pids = append(pids, uint32(i+1))
		comms = append(comms, time.Duration(i).String())
	}
	for name, test := range map[string]struct {
		selection   Selection
		pids, comms bool
	}{
		"none":         {Selection{}, false, false},
		"all it takes": {Selection{PIDs: pids[:pidsMax], Comms: comms[:commsMax]}, true, true},
		"too many":     {Selection{PIDs: pids[:pidsMax+1], Comms: comms[:commsMax+1]}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			constants := test.selection.constants(time.Second)
			if constants["filter_pids"] != test.pids || constants["filter_comms"] != test.comms {
				t.Errorf("filter_pids %v, filter_comms %v", constants["filter_pids"], constants["filter_comms"])
			}
			s := openSession(t, Options{Selection: test.selection})
			if test.pids && s.maps["wanted_pids"].MaxEntries() != pidsMax {
				t.Errorf("room for %d", s.maps["wanted_pids"].MaxEntries())
			}
		})
	}
}
