package probe

import (
	"errors"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestClock(t *testing.T) {
	c := clock{offset: 1_700_000_000_000_000_000}
	want := time.Unix(1_700_000_005, 7).UTC()
	if got := c.wall(5_000_000_007); !got.Equal(want) || got.Location() != time.UTC {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestClockAdjust brackets a kernel time between two wall-clock readings.
func TestClockAdjust(t *testing.T) {
	var c clock
	before := time.Now()
	var monotonic unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &monotonic); err != nil {
		t.Fatal(err)
	}
	after := time.Now()
	c.adjust()
	// Both readings of adjust may be torn apart by the scheduler.
	const slack = 50 * time.Millisecond
	got := c.wall(uint64(monotonic.Nano()))
	if got.Before(before.Add(-slack)) || got.After(after.Add(slack)) {
		t.Errorf("%s is not between %s and %s", got, before, after)
	}
}

// TestWindow: a budget lasts for a comparable time at every length of a jiffy.
func TestWindow(t *testing.T) {
	for _, hz := range []time.Duration{100, 250, 300, 1000} {
		jiffy := time.Second / hz
		if window := jiffy << windowShift(jiffy); window < time.Second/8 || window > time.Second/4 {
			t.Errorf("%s at %d jiffies per second", window, hz)
		}
	}
}

// TestAge holds the age of connections, and how long they were silent, which the
// kernel side counts in jiffies, against the clock of this process.
func TestAge(t *testing.T) {
	const lived, slack = 300 * time.Millisecond, 30 * time.Millisecond // of three jiffies at most
	namespace := newNamespace(t)
	s := openSession(t, Options{})
	var atLeast, atMost time.Duration
	err := namespace.Do(func() error {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer listener.Close()
		before := time.Now()
		client, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			return err
		}
		defer client.Close()
		server, err := listener.Accept()
		if err != nil {
			return err
		}
		connected := time.Now()
		time.Sleep(lived)
		atLeast = time.Since(connected)
		err = errors.Join(server.(*net.TCPConn).SetLinger(0), server.Close())
		atMost = time.Since(before)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	ends := 0
	for _, e := range readAll(t, s) {
		if e.Netns.Inode != namespace.Inode() {
			continue
		}
		ends++
		for what, millis := range map[string]uint64{
			"connected": e.Conn.AgeMillis, "last sent": e.Conn.LastSentMillis, "last received": e.Conn.LastReceivedMillis,
		} {
			since := time.Duration(millis) * time.Millisecond
			if since < atLeast-slack || since > atMost+slack {
				t.Errorf("%s: %s %s ago, that was %s to %s ago", e.Evidence.Hook, what, since, atLeast, atMost)
			}
		}
	}
	if ends != 2 {
		t.Errorf("%d resets, want one at each end", ends)
	}
}
