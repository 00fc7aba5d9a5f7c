package tracer

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestFromOtherGoroutines calls what any goroutine may call while Run reads and
// after Close. The race detector watches.
func TestFromOtherGoroutines(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	tr, err := Open(Options{Summary: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	totals := make(chan event.Totals, 100)
	var others sync.WaitGroup
	done := make(chan struct{})
	others.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				tr.AskTotals()
				_ = tr.Limits()
				if len(tr.Hooks()) == 0 {
					t.Error("no hooks")
				}
			}
		}
	})
	if err := tr.Run(ctx, &untilTotals{totals: totals, stop: stop}); err != nil {
		t.Error(err)
	}
	if len(totals) < 2 { // those that were asked for, and the last
		t.Errorf("%d totals", len(totals))
	}
	if err := tr.Close(); err != nil {
		t.Error(err)
	}
	close(done)
	others.Wait()
	tr.AskTotals()
	if len(tr.Hooks()) == 0 {
		t.Error("no hooks after Close")
	}
	if _, err := tr.Totals(); !errors.Is(err, ErrClosed) {
		t.Errorf("Totals after Close: %v", err)
	}
}

// untilTotals stops at the first totals.
type untilTotals struct {
	event.NopSink
	totals chan event.Totals
	stop   func()
}

// Totals keeps what fits.
func (u *untilTotals) Totals(n *event.Totals) error {
	select {
	case u.totals <- *n:
	default:
	}
	u.stop()
	return nil
}
