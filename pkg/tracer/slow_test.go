package tracer

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// slow is a sink that does nothing while the ring fills.
type slow struct {
	event.NopSink
	provoke func()
	events  uint64
	lost    uint64
	last    event.Totals
}

func (s *slow) Event(*event.Event) error {
	if s.events++; s.events == 1 {
		s.provoke()
	}
	return nil
}

func (s *slow) Loss(l *event.Loss) error     { s.lost += l.Events; return nil }
func (s *slow) Totals(n *event.Totals) error { s.last = *n; return nil }

// TestSlowSink: the kernel does not wait. What had no room is reported as lost, and
// the totals count it.
func TestSlowSink(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	const connects = 5000 // far more than the ring holds
	tr, err := Open(Options{RingSize: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	sink := &slow{provoke: func() {
		for range connects {
			refuse(t)
		}
		time.AfterFunc(1500*time.Millisecond, stop) // losses are reported every second
	}}
	time.AfterFunc(10*time.Millisecond, func() { refuse(t) })
	if err := tr.Run(ctx, sink); err != nil {
		t.Fatal(err)
	}
	if sink.lost == 0 || sink.lost > sink.last.Lost {
		t.Errorf("%d losses were reported, %d are in the totals", sink.lost, sink.last.Lost)
	}
	if all := sink.last.Events(); all < 2*connects || sink.events+sink.last.Lost > all {
		t.Errorf("%d shown, %d lost, %d counted, want at least %d", sink.events, sink.last.Lost, all, 2*connects)
	}
}

// refuse makes a connection that is refused: a sent RST and a received one.
func refuse(t *testing.T) {
	if conn, err := net.Dial("tcp4", "127.0.0.1:1"); err == nil {
		conn.Close()
		t.Error("port 1 is open")
	}
}
