package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// How long an ending run waits for what may never come.
const (
	// flushPatience is for one write that blocks: nobody reads the pipe.
	flushPatience = time.Second
	// endPatience is as ending.patience.
	endPatience = 10 * time.Second
	// lastPatience is what is left once nothing shall be waited for.
	lastPatience = 300 * time.Millisecond
)

// ending is how signals end a run. The first one ends its context: the run
// detaches, and writes what it has. The second one ends it at once, and so does
// its patience. A system call that blocks looks at no context, so whatever may
// block runs in a goroutine that can be left behind: see await.
type ending struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	now    context.Context // ends when nothing is to be waited for any more
	leave  context.CancelFunc
	stop   func()
	// onQuit and onHangup are what SIGQUIT and SIGHUP do, nil: they are signals as the others.
	onQuit, onHangup atomic.Pointer[func()]
	undo             atomic.Pointer[func()] // see leaveNothing
	// patience is for everything between the first signal and the end.
	patience time.Duration
}

var errSignal = errors.New("interrupted by a signal")

type endingKey struct{}

// newEnding listens for signals until stop is called.
func newEnding(patience time.Duration) *ending {
	e := &ending{patience: patience}
	ctx, cancel := context.WithCancelCause(context.Background())
	e.ctx, e.cancel = context.WithValue(ctx, endingKey{}, e), cancel
	e.now, e.leave = context.WithCancel(context.Background())
	context.AfterFunc(e.ctx, func() { time.AfterFunc(e.patience, e.leave) })

	wanted := []os.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGQUIT}
	if !signal.Ignored(unix.SIGHUP) { // nohup(1) wants it to go on
		wanted = append(wanted, unix.SIGHUP)
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, wanted...)
	e.stop = func() { signal.Stop(signals) }
	go e.listen(signals)
	return e
}

// endingOf returns the ending of the command that has this context.
func endingOf(ctx context.Context) *ending {
	e, _ := ctx.Value(endingKey{}).(*ending)
	return e
}

func (e *ending) listen(signals <-chan os.Signal) {
	for s := range signals {
		var instead *func()
		switch s {
		case unix.SIGQUIT:
			instead = e.onQuit.Load()
		case unix.SIGHUP:
			instead = e.onHangup.Load()
		}
		switch {
		case instead != nil && e.ctx.Err() == nil:
			(*instead)()
		case e.ctx.Err() == nil:
			e.cancel(errSignal)
		default:
			e.leave()
		}
	}
}

// leaveNothing has a function called when the run is left behind, which then
// cannot do it itself.
func (e *ending) leaveNothing(undo func()) { e.undo.Store(&undo) }

// run waits for a function, unless it has to be left behind.
func (e *ending) run(fn func(context.Context) error) error {
	done := make(chan error, 1)
	go func() { done <- fn(e.ctx) }()
	select {
	case err := <-done:
		return err
	case <-e.now.Done():
	}
	select {
	case err := <-done: // what blocked was left behind, too
		return err
	case <-time.After(lastPatience):
	}
	if undo := e.undo.Load(); undo != nil {
		(*undo)()
	}
	return errors.New("ended at once: what was not written yet is lost")
}

// attempt calls a function that may block for ever, as to open a FIFO does, and
// leaves it behind when the run has ended.
func (e *ending) attempt(fn func() error) error {
	done := make(chan error, 1)
	go func() { done <- fn() }()
	if err, ok := await(e, done); ok {
		return err
	}
	return errors.New("given up when the run ended")
}

// await receives from a channel. It gives up when the run has ended and nothing
// came for a while.
func await[T any](e *ending, c <-chan T) (value T, ok bool) {
	select {
	case value = <-c:
		return value, true
	case <-e.ctx.Done():
	}
	patience := time.NewTimer(flushPatience)
	defer patience.Stop()
	select {
	case value = <-c:
		return value, true
	case <-patience.C:
		return value, false
	case <-e.now.Done():
	}
	patience.Reset(lastPatience / 3)
	select {
	case value = <-c:
		return value, true
	case <-patience.C:
		return value, false
	}
}
