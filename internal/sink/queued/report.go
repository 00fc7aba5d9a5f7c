package queued

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// reportEvery is how often people hear of the same trouble.
const reportEvery = time.Minute

// reporter says in few lines what goes wrong. It writes from goroutines of its own: what
// people read may block, too.
type reporter struct {
	name  string
	write func(string)

	mu      sync.Mutex
	timer   *time.Timer
	last    time.Time // of the last line
	trouble string    // why the sink fails; "" while it works
	said    bool      // people know of the trouble
	lost    uint64    // items since the trouble began
	saidOf  uint64    // of these
	stopped bool
}

func (r *reporter) init(o Options) { r.name, r.write = o.Name, o.Report }

// failed notes why the sink does not work.
func (r *reporter) failed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if trouble := inOneLine(err); trouble != r.trouble {
		r.trouble, r.said = trouble, false
	}
	r.schedule()
}

// dropped notes that items are lost.
func (r *reporter) dropped(items uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost += items
	r.schedule()
}

// works notes that the sink takes items again.
func (r *reporter) works() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.trouble == "" || !r.said && r.lost != r.saidOf { // the loss must be said first
		return
	}
	if r.said && !r.stopped {
		line := r.name + ": works again"
		if r.lost > 0 {
			line += ", without " + lines(r.lost)
		}
		go r.write(line)
	}
	r.trouble, r.said, r.lost, r.saidOf = "", false, 0, 0
}

// schedule makes sure that a line comes, now or when the last one is old enough.
func (r *reporter) schedule() {
	if r.timer != nil || r.stopped || r.said && r.saidOf == r.lost {
		return
	}
	wait := time.Duration(0)
	if !r.last.IsZero() {
		wait = max(0, reportEvery-time.Since(r.last))
	}
	r.timer = time.AfterFunc(wait, r.say)
}

func (r *reporter) say() {
	r.mu.Lock()
	r.timer = nil
	trouble := r.trouble
	if r.stopped || trouble == "" && r.lost == r.saidOf {
		r.mu.Unlock()
		return
	}
	if trouble == "" {
		trouble = "slower than the events"
	}
	line := r.name + ": " + trouble
	if r.lost > 0 {
		line += "; " + lines(r.lost) + " dropped so far"
	}
	r.said, r.saidOf, r.last = true, r.lost, time.Now()
	r.mu.Unlock()
	r.write(line)
}

func (r *reporter) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	if r.timer != nil {
		r.timer.Stop()
	}
}

func lines(n uint64) string {
	if n == 1 {
		return "1 line"
	}
	return fmt.Sprintf("%d lines", n)
}

// inOneLine is the text of an error, for a line of a log.
func inOneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
