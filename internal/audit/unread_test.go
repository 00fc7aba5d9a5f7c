package audit

import (
	"strings"
	"testing"
)

// TestBetweenReadings: namespaces that came and went between two readings explain
// as many events as they had, and no more.
func TestBetweenReadings(t *testing.T) {
	w := newWorld(t)
	w.process("1", 100, "OutRsts=1000")
	a := w.auditor()
	w.process("1", 100, "OutRsts=1010")
	w.refuse(100, 1, 10)
	w.refuse(200, 2, 4)
	w.refuse(200, 3, 2) // another one with the number of the first
	w.refuse(300, 4, 1)
	r := w.interval(a)
	check(t, r, 10, 17, true, false, "could not be compared: 7 events more", "7 events of 3 namespaces")
	if l := outRsts(t, r); !l.Uncompared || !r.Balanced() {
		t.Errorf("%+v", l)
	}
	w.process("1", 100, "OutRsts=1011")
	w.refuse(100, 1, 1)
	check(t, w.interval(a), 1, 1, true, true)
	check(t, w.whole(a), 11, 18, true, false, "could not be compared: 7 events more", "7 events of 3 namespaces")

	w.refuse(100, 1, 2) // which the kernel never counted
	w.refuse(200, 5, 4)
	check(t, w.interval(a), 0, 6, false, false, "2 events more", "besides 4 events of 1 namespace")
	r = w.whole(a)
	check(t, r, 11, 24, false, false, "2 events more", "besides 11 events of 4 namespaces")
	if l := outRsts(t, r); l.Uncompared || r.Balanced() {
		t.Errorf("%+v", l)
	}
}

// TestUnreadHidesNoLoss: events that the counters lack do not make up for events
// that were not seen.
func TestUnreadHidesNoLoss(t *testing.T) {
	w := newWorld(t)
	w.process("1", 100, "OutRsts=0")
	a := w.auditor()
	w.process("1", 100, "OutRsts=5")
	w.refuse(100, 1, 2)
	w.refuse(200, 2, 3)
	check(t, w.whole(a), 5, 5, false, false, "3 more than there are events", "besides 3 events of 1 namespace")
}

// TestNumberUsedAgain: the number of a namespace that came and went belongs to one
// that stays.
func TestNumberUsedAgain(t *testing.T) {
	w := newWorld(t)
	w.process("1", 100, "OutRsts=0")
	a := w.auditor()
	w.refuse(200, 2, 3)
	w.process("2", 200, "OutRsts=2")
	w.refuse(200, 3, 2)
	check(t, w.interval(a), 2, 5, true, false, "3 events of 1 namespace")
	w.refuse(200, 3, 1) // it is read at both ends now
	check(t, w.interval(a), 0, 1, false, false, "1 event more")
}

// TestUnplaced: where there were too many namespaces, so many events may be of one
// that was not read.
func TestUnplaced(t *testing.T) {
	w := newWorld(t)
	w.process("1", 100, "OutRsts=0")
	a := w.auditor()
	w.process("1", 100, "OutRsts=5")
	w.refuse(100, 1, 5)
	w.refuse(200, 2, 1)
	w.events.Counts[closedPort] += 2
	w.events.Unplaced = 3
	check(t, w.interval(a), 5, 8, true, false, "could not be compared: 3 events more", "1 event of 1 namespace", "3 events of namespaces that are too many")
	w.process("1", 100, "OutRsts=6")
	w.events.Counts[closedPort]++
	w.events.Unplaced++
	check(t, w.interval(a), 1, 1, true, true) // it agrees: nothing is to be excused
	w.events.Counts[closedPort] += 3
	w.events.Unplaced++
	check(t, w.interval(a), 0, 3, false, false, "2 events more", "besides 1 event of namespaces")
}

// TestUnreadInStorm: bounds of what is missing, where events come meanwhile.
func TestUnreadInStorm(t *testing.T) {
	w := newWorld(t)
	w.process("1", 100, "OutRsts=0")
	a := w.auditor()
	w.onPause = func() { w.refuse(200, 2, 1) }
	w.process("1", 100, "OutRsts=5")
	w.refuse(100, 1, 5)
	w.refuse(200, 2, 10)
	r := w.whole(a)
	if l := outRsts(t, r); !l.OK || !l.Uncompared || !strings.Contains(l.Note, "12 events of 1 namespace") {
		t.Errorf("%+v", l)
	}
	w.refuse(100, 1, 5)
	if l := outRsts(t, w.whole(a)); l.OK {
		t.Errorf("%+v", l)
	}
}
