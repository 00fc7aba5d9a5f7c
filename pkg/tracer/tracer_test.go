package tracer

import (
	"context"
	"errors"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// fake notes what reaches the kernel side.
type fake struct{ runs, totals, asked, closed int }

func (f *fake) Run(_ context.Context, to event.Sink) error {
	f.runs++
	return to.Event(&event.Event{ID: 1})
}

func (f *fake) Totals() (event.Totals, error) { f.totals++; return event.Totals{Shown: 1}, nil }
func (f *fake) AskTotals()                    { f.asked++ }
func (f *fake) Hooks() []Hook                 { return nil }
func (f *fake) Limits() []Limit               { return nil }
func (f *fake) Close() error                  { f.closed++; return nil }

// TestRunsOnce: the second time there is nothing attached any more.
func TestRunsOnce(t *testing.T) {
	f := new(fake)
	tr := &Tracer{live: f}
	if err := tr.Run(t.Context(), event.NopSink{}); err != nil {
		t.Error(err)
	}
	if err := tr.Run(t.Context(), event.NopSink{}); !errors.Is(err, errRun) {
		t.Errorf("a second Run: %v", err)
	}
	for e, err := range tr.Events(t.Context()) {
		if e != nil || !errors.Is(err, errRun) {
			t.Errorf("events after Run: %v, %v", e, err)
		}
	}
	if f.runs != 1 {
		t.Errorf("%d runs", f.runs)
	}
}

// TestAfterClose: nothing reaches what was freed.
func TestAfterClose(t *testing.T) {
	f := new(fake)
	tr := &Tracer{live: f}
	if err := errors.Join(tr.Close(), tr.Close()); err != nil || f.closed != 1 {
		t.Errorf("closed %d times: %v", f.closed, err)
	}
	if err := tr.Run(t.Context(), event.NopSink{}); !errors.Is(err, ErrClosed) {
		t.Errorf("Run: %v", err)
	}
	if _, err := tr.Totals(); !errors.Is(err, ErrClosed) {
		t.Errorf("Totals: %v", err)
	}
	if f.runs != 0 || f.totals != 0 {
		t.Errorf("%d runs, %d totals", f.runs, f.totals)
	}
}

// TestTotals: they are those of the kernel side, before Close.
func TestTotals(t *testing.T) {
	f := new(fake)
	totals, err := (&Tracer{live: f}).Totals()
	if err != nil || totals.Shown != 1 {
		t.Errorf("%+v, %v", totals, err)
	}
}
