package serve

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// TickEvery is how often the tracer calls its sink when nothing happens.
	TickEvery = time.Second
	// aliveFor is for how long it may be silent.
	aliveFor = 15 * time.Second
	// readFor is how old the counts may be.
	readFor = 30 * time.Second
)

// pulse notes that the loop of the tracer goes round. It is a stage.
type pulse struct {
	event.Sink
	start time.Time     // of the clock that does not jump
	last  atomic.Uint64 // nanoseconds since start; 0: never
}

func (p *pulse) beat() { p.last.Store(max(1, uint64(time.Since(p.start)))) }

// since is for how long nothing came from the tracer; false: it has not begun.
func (p *pulse) since() (time.Duration, bool) {
	last := p.last.Load()
	return time.Since(p.start) - time.Duration(last), last != 0
}

// Flush is called in each round.
func (p *pulse) Flush(now time.Time) error {
	p.beat()
	return p.Sink.Flush(now)
}

// alive says why the tracer is not; nil: it is.
func (s *Server) alive() error {
	since, begun := s.pulse.since()
	switch {
	case !begun:
		return fmt.Errorf("the tracer has not begun to read")
	case since > aliveFor:
		return fmt.Errorf("the tracer has read nothing for %s: it is stuck, or the machine is", since.Round(time.Second))
	}
	return nil
}

// ready says why the numbers are not what they should be; nil: they are.
func (s *Server) ready() error {
	if err := s.alive(); err != nil {
		return err
	}
	var missing []string
	for _, hook := range s.counts.Hooks() {
		if hook.Needed && hook.Method == "" {
			missing = append(missing, hook.Name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("not attached: %s (why: rsttrace doctor)", strings.Join(missing, ", "))
	}
	read, err := s.counts.state()
	if age := s.now().Sub(read); age > readFor {
		if err == nil {
			err = fmt.Errorf("nobody asked")
		}
		return fmt.Errorf("the counters of the kernel were not read for %s: %w", age.Round(time.Second), err)
	}
	return nil
}

// answer makes a handler of a check: 200 and ok, or 503 and why.
func answer(check func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if err := check(); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, err)
			return
		}
		fmt.Fprintln(w, "ok")
	}
}
