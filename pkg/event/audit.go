package event

import "time"

// Audit says how events and the kernel's own counters reconcile over some time.
type Audit struct {
	Host
	Time       time.Time      // when the counters were read at its end
	Elapsed    time.Duration  // the time that it is about
	Namespaces int            // whose counters are in the sums
	Came, Went int            // meanwhile
	Unreadable int            // found, and not read
	Missed     uint64         // events that the kernel suppressed before they could be counted
	OK         bool           // no counter contradicts the events
	Counters   []AuditCounter // one for each counter that this kernel has
	// Notes say what holds for all counters, in whole sentences without a stop.
	Notes []string
}

// AuditCounter is one counter of the kernel beside the events.
type AuditCounter struct {
	Name     string // "TcpOutRsts"
	Kernel   uint64 // growth of the counter
	Counted  uint64 // events that count for certain
	MayCount uint64 // events that may count or not
	// Slack is how many more events there may be: they came while the counters
	// were read.
	Slack uint64
	OK    bool // they agree, given the exceptions
	Exact bool // they agree without using what the kernel counts in silence
	// Uncompared: they differ, and by no more than what namespaces explain that
	// could not be read, or that came and went. That is no contradiction.
	Uncompared bool
	Note       string // what is compared, and the exception that was used
}

// Most is the largest number of events that the counter may stand for.
func (c *AuditCounter) Most() uint64 { return c.Counted + c.MayCount + c.Slack }

// Moved reports whether there is anything to compare.
func (c *AuditCounter) Moved() bool { return c.Kernel > 0 || c.Counted > 0 }

// OnlyKernel reports whether events are not expected: the counter informs.
func (c *AuditCounter) OnlyKernel() bool { return c.Exact && c.Kernel > c.Most() }
