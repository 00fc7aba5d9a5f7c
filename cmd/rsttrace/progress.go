package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// progressFrom is the smallest file that takes long enough to show how far it is.
	progressFrom  = 32 << 20
	progressEvery = 200 * time.Millisecond
	progressCells = 30
)

// progress shows on a terminal how much of a file was read. It is a sink, too: it takes
// its line away before something else is written.
type progress struct {
	to event.Sink

	mu    sync.Mutex
	out   io.Writer
	shown bool
	done  chan struct{}
	ended sync.WaitGroup
}

// startProgress shows how far file is, until stop is called. It returns nil where nobody
// looks, and where it would be over at once.
func startProgress(file *os.File, name string, to event.Sink, stderr io.Writer) *progress {
	terminal := fileOf(stderr)
	info, err := file.Stat()
	if terminal == nil || !term.IsTerminal(int(terminal.Fd())) || err != nil || !info.Mode().IsRegular() || info.Size() < progressFrom {
		return nil
	}
	p := newProgress(to, stderr)
	p.ended.Go(func() {
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-p.done:
				return
			case <-tick.C:
				if at, err := file.Seek(0, io.SeekCurrent); err == nil {
					p.show(name, at, info.Size())
				}
			}
		}
	})
	return p
}

func newProgress(to event.Sink, out io.Writer) *progress {
	return &progress{to: to, out: out, done: make(chan struct{})}
}

// show writes the line.
func (p *progress) show(name string, at, size int64) {
	part := min(float64(at)/float64(max(1, size)), 1)
	full := int(part * progressCells)
	line := fmt.Sprintf("%s [%s%s] %3.0f %% of %d MB", name, strings.Repeat("=", full), strings.Repeat(" ", progressCells-full), 100*part, size>>20)
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, "\r\x1b[K%s", oneLine(fmt.Errorf("%s", line)))
	p.shown = true
}

// stop takes the line away. A nil progress is none.
func (p *progress) stop() {
	if p == nil {
		return
	}
	close(p.done)
	p.ended.Wait()
	_ = p.clear(func() error { return nil })
}

// clear takes the line away and lets somebody else write.
func (p *progress) clear(write func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.shown = false
	}
	return write()
}

func (p *progress) Event(e *event.Event) error { return p.clear(func() error { return p.to.Event(e) }) }
func (p *progress) Followup(f *event.Followup) error {
	return p.clear(func() error { return p.to.Followup(f) })
}
func (p *progress) Finding(f *event.Finding) error {
	return p.clear(func() error { return p.to.Finding(f) })
}
func (p *progress) Totals(t *event.Totals) error {
	return p.clear(func() error { return p.to.Totals(t) })
}
func (p *progress) Loss(l *event.Loss) error   { return p.clear(func() error { return p.to.Loss(l) }) }
func (p *progress) Audit(a *event.Audit) error { return p.clear(func() error { return p.to.Audit(a) }) }
func (p *progress) Coverage(c *event.Coverage) error {
	return p.clear(func() error { return p.to.Coverage(c) })
}
func (p *progress) Flush(now time.Time) error {
	return p.clear(func() error { return p.to.Flush(now) })
}
