package owner

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// walks counts the walks, and has what they find.
type walks struct {
	found  []event.Holder
	pause  time.Duration
	err    error
	sought [][]event.SocketRef
}

func (w *walks) walk(sockets []event.SocketRef) ([]event.Holder, time.Duration, error) {
	w.sought = append(w.sought, slices.Clone(sockets))
	return w.found, w.pause, w.err
}

func refOf(address, inode uint64) event.SocketRef {
	return event.SocketRef{Address: address, Inode: inode}
}

func nobody(func(event.SocketRef) bool) {}

// TestHoldersOf: the inode decides, and the youngest of several processes is named.
func TestHoldersOf(t *testing.T) {
	old, young := holder(socketA, 1, 10, "nginx"), holder(socketA, 1, 9, "worker")
	old.Started, young.Started = 100, 200
	kernelThread := holder(socketA, 1, 8, "kworker/0:1")
	kernelThread.Process.Kernel = true
	for name, test := range map[string]struct {
		found  []event.Holder
		socket event.SocketRef
		want   event.ProcessRef
	}{
		"one":                              {[]event.Holder{old}, refOf(socketA, 1), event.ProcessRef{PID: 10, Comm: "nginx"}},
		"the youngest":                     {[]event.Holder{old, young}, refOf(socketA, 1), event.ProcessRef{PID: 9, Comm: "worker"}},
		"a kernel thread":                  {[]event.Holder{kernelThread}, refOf(socketA, 1), event.ProcessRef{}},
		"a new socket at the same address": {[]event.Holder{old}, refOf(socketA, 2), event.ProcessRef{}},
		"no file":                          {[]event.Holder{holder(socketA, 0, 10, "nginx")}, refOf(socketA, 0), event.ProcessRef{}},
	} {
		w := walks{found: test.found}
		h := Holders{Walk: w.walk}
		if got := h.Of(test.socket, nobody, time.Now()); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
	if got := new(Holders).Of(refOf(socketA, 1), nobody, time.Now()); got != (event.ProcessRef{}) {
		t.Errorf("nothing walks: %+v", got)
	}
}

// TestHoldersWalkRarely: one walk serves all sockets for a while. No walk begins in the
// pause behind another one, and what a walk found long ago is not said.
func TestHoldersWalkRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, c := refOf(socketA, 1), refOf(socketB, 2), refOf(socketB, 3)
		w := walks{found: []event.Holder{holder(socketA, 1, 10, "nginx"), holder(socketB, 2, 20, "redis")}, pause: time.Hour}
		h := Holders{Walk: w.walk}
		beside := slices.Values([]event.SocketRef{a, b, {}})
		expect := func(when string, socket event.SocketRef, pid uint32, walks int) {
			t.Helper()
			if got := h.Of(socket, beside, time.Now()); got.PID != pid {
				t.Errorf("%s: %+v, want %d", when, got, pid)
			}
			if len(w.sought) != walks {
				t.Errorf("%s: %d walks, want %d", when, len(w.sought), walks)
			}
		}
		expect("at first", a, 10, 1)
		if !slices.Equal(w.sought[0], []event.SocketRef{a, b}) {
			t.Errorf("sought %v", w.sought[0])
		}
		expect("again", a, 10, 1)
		expect("beside it", b, 20, 1)
		expect("a socket that is new, in the pause", c, 0, 1)
		time.Sleep(heldFor)
		expect("too long ago, in the pause", a, 0, 1)
		time.Sleep(w.pause)
		expect("after the pause", a, 10, 2)
		w.err = errors.New("refused")
		time.Sleep(w.pause)
		expect("a walk that fails", a, 0, 3)
		expect("in the pause behind it", a, 0, 3)
	})
}

// TestHoldersAreBounded: neither a walk nor the memory of walks grows with the listeners.
func TestHoldersAreBounded(t *testing.T) {
	var w walks
	h := Holders{Walk: w.walk}
	now := time.Now()
	for inode := uint64(1); inode < 2*heldMax; inode += soughtMax {
		beside := func(yield func(event.SocketRef) bool) {
			for i := inode; yield(refOf(socketA, i)); i++ {
			}
		}
		h.Of(refOf(socketB, inode), beside, now)
		if got := len(w.sought[len(w.sought)-1]); got != soughtMax {
			t.Fatalf("%d sockets are sought at once, want %d", got, soughtMax)
		}
		if len(h.known) > heldMax {
			t.Fatalf("%d sockets are kept", len(h.known))
		}
	}
}
