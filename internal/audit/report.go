package audit

import (
	"fmt"
	"strings"
	"time"
)

// Report says how events and kernel counters reconcile over some time.
type Report struct {
	Time       time.Time // when the counters were read at the end of it
	Elapsed    time.Duration
	Namespaces int // whose counters are in the sums
	Came, Went int // meanwhile
	Unreadable int // found, and not read
	Missed     uint64
	Lines      []Line // one per counter that this kernel has
	// Notes say what holds for all lines, in whole sentences without a stop.
	Notes []string
}

// Line is one counter of all namespaces beside the events.
type Line struct {
	Row
	// Slack is how many more events there may be: they came while the counters
	// were read.
	Slack uint64
	// Uncompared: they differ, and by no more than what could not be read explains.
	Uncompared bool
}

// Most is the largest number of events that the counter may stand for.
func (l *Line) Most() uint64 { return l.Events + l.Perhaps + l.Slack }

// OnlyKernel reports whether events are not expected: the counter informs.
func (l *Line) OnlyKernel() bool { return l.Exact && l.Kernel > l.Most() }

// Balanced reports whether nothing contradicts.
func (r *Report) Balanced() bool {
	for _, l := range r.Lines {
		if !l.OK {
			return false
		}
	}
	return true
}

func (a *Auditor) report(from, to moment, since account) Report {
	low, high := to.before.since(&from.after), to.after.since(&from.before)
	r := Report{
		Time:       to.at.UTC(),
		Elapsed:    to.at.Sub(from.at),
		Namespaces: len(to.reading.Namespaces),
		Came:       since.came,
		Went:       since.went,
		Unreadable: len(to.reading.Unreadable),
		Missed:     high.Missed,
	}
	r.note(to.reading)
	why := doubts{
		report: &r, limits: a.limits, uncounted: high.Uncounted, failed: since.growth["TCPAbortFailed"],
		newcomers: since.newcomers, returners: since.returners,
	}
	unread := findUnread(&low, &high, &since, to.reading)
	for i := range Identities {
		identity := &Identities[i]
		if kernel, ok := since.growth[identity.Counter]; ok {
			r.Lines = append(r.Lines, why.compare(identity, kernel, low.Counts, high.Counts, unread.hole(identity)))
		}
	}
	if row, ok := failed(since.growth); ok {
		r.Lines = append(r.Lines, Line{Row: row})
	}
	return r
}

// note says what concerns every counter.
func (r *Report) note(reading *Reading) {
	add := func(format string, args ...any) { r.Notes = append(r.Notes, fmt.Sprintf(format, args...)) }
	if r.Came > 0 || r.Went > 0 {
		var moves []string
		if r.Came > 0 {
			moves = append(moves, fmt.Sprintf("%s came and %s counted from 0", namespaces(r.Came), isAre(r.Came)))
		}
		if r.Went > 0 {
			moves = append(moves, fmt.Sprintf("%s went: what %s counted after the last reading is missing", namespaces(r.Went), itThey(r.Went)))
		}
		add("%s", strings.Join(moves, ", "))
	}
	for _, where := range reading.Unreadable {
		why := "a namespace without a process takes CAP_SYS_ADMIN"
		if reading.Exhausted != nil {
			why = fmt.Sprintf("this process has run out of something: %v; see ulimit -Hn and the memory of its control group", reading.Exhausted)
		}
		add("the counters of %s could not be read (%s)", where, why)
	}
	if reading.Partial {
		add("only namespaces of processes in this container are counted, while events are those of the whole host")
	}
}

// doubts are what may stand behind a difference.
type doubts struct {
	report    *Report
	limits    []Limit
	uncounted uint64
	failed    uint64 // TCPAbortFailed
	newcomers Snapshot
	returners Snapshot
}

// compare makes the line of a counter of the fewest and of the most events. Events
// of namespaces that could not be read are expected to be missing in the counter.
func (d *doubts) compare(i *Identity, kernel uint64, fewest, most Counts, unread hole) Line {
	low, high, perhapsLow, perhapsHigh := fewest.sum(i.Sure), most.sum(i.Sure), fewest.sum(i.Perhaps), most.sum(i.Perhaps)
	all := d.judge(i.row(kernel, low, perhapsLow), i.row(kernel, high, perhapsHigh))
	if unread.most == 0 || unread.least == 0 && all.OK {
		return all
	}
	l := d.judge(i.row(kernel, less(low, unread.most), perhapsLow), i.row(kernel, less(high, unread.least), perhapsHigh))
	l.Events, l.Slack = all.Events, all.Slack
	if l.OK {
		var difference []string
		if kernel < low {
			difference = append(difference, more(low-kernel))
		}
		l.uncompared(append(difference, unread.String())...)
	} else {
		l.Note += ", besides " + unread.String()
	}
	return l
}

// judge joins the rows of the fewest and of the most events.
func (d *doubts) judge(low, high Row) Line {
	l := Line{Row: low, Slack: less(high.Events, low.Events)}
	l.Perhaps = max(low.Perhaps, high.Perhaps)
	if l.Slack > 0 || l.Perhaps > low.Perhaps {
		// Inside the bounds everything fits, but nothing is exact.
		within := l.Kernel >= l.Events && l.Kernel <= l.Most()
		l.OK = l.OK || high.OK || within
		l.Exact = false
		l.Note = high.Note
		if within {
			l.Note = "resets came while the counters were read, so there are bounds only"
		}
	}
	switch {
	case l.OnlyKernel() || l.OK:
	case l.Kernel > l.Most():
		d.fewer(&l)
	default:
		l.more()
	}
	return l
}

// fewer explains events that are missing.
func (d *doubts) fewer(l *Line) {
	if hidden := hides(d.limits, l.Counter); len(hidden) > 0 {
		l.OK = true
		l.Note = "not comparable: " + strings.Join(hidden, "; ")
		return
	}
	missing := l.Kernel - l.Most()
	if reason := d.older(l.Counter, missing); reason != "" {
		l.uncompared(fmt.Sprintf("the kernel counted %d more than there are events", missing), reason)
		return
	}
	may := []string{fmt.Sprintf("the kernel counted %d more than there are events", missing)}
	if d.report.Missed > 0 {
		may = append(may, fmt.Sprintf("it did not run a probe %s, which may be why", times(d.report.Missed)))
	}
	if d.uncounted > 0 {
		may = append(may, fmt.Sprintf("the evidence of %s was not kept", events(d.uncounted)))
	}
	if l.Counter == "TcpOutRsts" && d.failed > 0 {
		may = append(may, fmt.Sprintf("%d failed to be sent (TCPAbortFailed), for want of memory before the tracepoint", d.failed))
	}
	if l.Counter == "TcpOutRsts" && d.has(signed) {
		may = append(may, "replies to segments with an MD5 or AO signature are not seen by this method")
	}
	l.Note = strings.Join(may, "; ")
}

// older says why so many counts may be from before this comparison, or "".
func (d *doubts) older(counter string, counts uint64) string {
	switch newcomers, returners := d.newcomers[counter], d.returners[counter]; {
	case counts <= newcomers:
		return namespaces(d.report.Came) + " came, and may be older than this comparison"
	case counts <= newcomers+returners:
		return "namespaces could be read again, and counted meanwhile"
	}
	return ""
}

// more explains events that the counters do not have.
func (l *Line) more() {
	l.Note = more(less(l.Events, l.Kernel))
	if l.Counter == "TcpOutRsts" {
		l.Note += "; an IPv6 reply that finds no route is an event and not counted"
	}
}

func more(surplus uint64) string {
	return events(surplus) + " more than the kernel's counters have"
}

// String says how many events are missing in the counters, and of how many namespaces.
func (h hole) String() string {
	var parts []string
	if known := h.most - h.unplaced; known > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s that went or could not be read", events(known), namespaces(h.namespaces)))
	}
	if h.unplaced > 0 {
		parts = append(parts, events(h.unplaced)+" of namespaces that are too many to count each")
	}
	return strings.Join(parts, " and ")
}

// uncompared says that nothing follows from a difference, and why.
func (l *Line) uncompared(reasons ...string) {
	l.OK, l.Exact, l.Uncompared = true, false, true
	l.Note = "could not be compared: " + strings.Join(reasons, "; ")
}

func (d *doubts) has(id string) bool {
	for _, l := range d.limits {
		if l.ID == id {
			return true
		}
	}
	return false
}

func namespaces(n int) string {
	if n == 1 {
		return "1 namespace"
	}
	return fmt.Sprintf("%d namespaces", n)
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func itThey(n int) string {
	if n == 1 {
		return "it"
	}
	return "they"
}

func events(n uint64) string {
	if n == 1 {
		return "1 event"
	}
	return fmt.Sprintf("%d events", n)
}

func times(n uint64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
