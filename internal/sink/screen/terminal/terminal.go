package terminal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/rsttrace/rsttrace/internal/playback"
	"github.com/rsttrace/rsttrace/internal/sink/screen"
	"github.com/rsttrace/rsttrace/internal/sink/screen/view"
)

// Player plays a recording.
type Player interface {
	To(at time.Time)
	State() playback.State
}

// Options are what is shown, and where.
type Options struct {
	In, Out *os.File // a terminal
	Known   *screen.Sink
	State   *view.State
	Player  Player // nil: it is live
	// Write writes what was chosen into a file, and says what it has written.
	Write func(view.Write) (string, error)
	// Started is closed when there is something to show. Until then the terminal stays as
	// it is. nil: there is something from the beginning.
	Started <-chan struct{}
}

// Run shows the screen while work runs. It ends when the person ends it, work ends, or the
// context does. The context of work ends then. The terminal is as before when Run returns,
// or panics because work did.
func Run(ctx context.Context, o Options, work func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	worker := start(ctx, cancel, work)
	if o.Started != nil {
		select {
		case <-o.Started:
		case <-worker.ended:
			return worker.result()
		}
	}
	err := show(ctx, &o)
	cancel()
	<-worker.ended
	return errors.Join(err, worker.result())
}

// show runs the screen.
func show(ctx context.Context, o *Options) error {
	out := &paced{File: o.Out}
	m := newModel(o, out)
	_, err := tea.NewProgram(m,
		tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithInput(o.In), tea.WithOutput(out),
		tea.WithFPS(framesPerSecond), tea.WithColorProfile(colorprofile.ANSI)).Run()
	switch {
	case errors.Is(err, tea.ErrProgramPanic):
		return errFailed
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return fmt.Errorf("screen: %w", err)
	}
	return nil
}

var errFailed = errors.New("the screen has failed; please report it with what is above")

// framesPerSecond is how often a key may change what is seen.
const framesPerSecond = 20

// worker is what runs behind the screen.
type worker struct {
	ended    chan struct{}
	err      error
	panicked string
}

// start runs work, and stops the screen when it ends.
func start(ctx context.Context, stop func(), work func(context.Context) error) *worker {
	w := &worker{ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		defer stop()
		defer func() {
			if r := recover(); r != nil {
				w.panicked = fmt.Sprintf("%v\n\n%s", r, debug.Stack())
			}
		}()
		w.err = work(ctx)
	}()
	return w
}

// result is the error of work. A panic of it goes on here, where the terminal is as before.
func (w *worker) result() error {
	if w.panicked != "" {
		panic(w.panicked)
	}
	return w.err
}
