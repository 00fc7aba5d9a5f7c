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
	Rows       []CounterRow // one per counter that this kernel has
	// Notes say what holds for all lines, in whole sentences without a stop.
	Notes []string
}

// CounterRow is one counter of all namespaces beside the events.
type CounterRow struct {
	Row
	// Slack is how many more events there may be: they came while the counters
	// were read.
	Slack uint64
	// Uncompared: they differ, and by no more than what could not be read explains.
	Uncompared bool
}

// Most is the largest number of events that the counter may stand for.
func (l *CounterRow) Most() uint64 { return l.Counted + l.MayCount + l.Slack }

// OnlyKernel reports whether events are not expected: the counter informs.
func (l *CounterRow) OnlyKernel() bool { return l.Exact && l.Kernel > l.Most() }

// Balanced reports whether nothing contradicts.
func (r *Report) Balanced() bool {
	for _, l := range r.Rows {
		if !l.OK {
			return false
		}
	}
	return true
}

func (a *Auditor) report(from, to observation, since account) Report {
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
	why := explanations{
		report: &r, limits: a.limits, uncounted: high.Uncounted, failed: since.growth["TCPAbortFailed"],
		newcomers: since.newcomers, returners: since.returners,
	}
	unread := findUnreadNamespaces(&low, &high, &since, to.reading)
	for i := range Equations {
		equation := &Equations[i]
		if kernel, ok := since.growth[equation.Counter]; ok {
			r.Rows = append(r.Rows, why.compare(equation, kernel, low.Counts, high.Counts, unread.shortfall(equation)))
		}
	}
	if row, ok := abortFailedRow(since.growth); ok {
		r.Rows = append(r.Rows, CounterRow{Row: row})
	}
	return r
}

// note says what concerns every counter.
func (r *Report) note(reading *Reading) {
	add := func(format string, args ...any) { r.Notes = append(r.Notes, fmt.Sprintf(format, args...)) }
	if r.Came > 0 || r.Went > 0 {
		var moves []string
		if r.Came > 0 {
			moves = append(moves, fmt.Sprintf("%s came and %s counted from 0", namespacesText(r.Came), isOrAre(r.Came)))
		}
		if r.Went > 0 {
			moves = append(moves, fmt.Sprintf("%s went: what %s counted after the last reading is missing", namespacesText(r.Went), itOrThey(r.Went)))
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

// explanations are what may stand behind a difference.
type explanations struct {
	report    *Report
	limits    []Limit
	uncounted uint64
	failed    uint64 // TCPAbortFailed
	newcomers Snapshot
	returners Snapshot
}

// compare makes the line of a counter of the fewest and of the most events. Events
// of namespaces that could not be read are expected to be missing in the counter.
func (d *explanations) compare(i *Equation, kernel uint64, fewest, most Counts, unread shortfall) CounterRow {
	low, high, perhapsLow, perhapsHigh := fewest.sum(i.Counted), most.sum(i.Counted), fewest.sum(i.MayCount), most.sum(i.MayCount)
	all := d.judge(i.row(kernel, low, perhapsLow), i.row(kernel, high, perhapsHigh))
	if unread.most == 0 || unread.least == 0 && all.OK {
		return all
	}
	l := d.judge(i.row(kernel, saturatingSub(low, unread.most), perhapsLow), i.row(kernel, saturatingSub(high, unread.least), perhapsHigh))
	l.Counted, l.Slack = all.Counted, all.Slack
	if l.OK {
		var difference []string
		if kernel < low {
			difference = append(difference, surplusText(low-kernel))
		}
		l.uncompared(append(difference, unread.String())...)
	} else {
		l.Note += ", besides " + unread.String()
	}
	return l
}

// judge joins the rows of the fewest and of the most events.
func (d *explanations) judge(low, high Row) CounterRow {
	l := CounterRow{Row: low, Slack: saturatingSub(high.Counted, low.Counted)}
	l.MayCount = max(low.MayCount, high.MayCount)
	if l.Slack > 0 || l.MayCount > low.MayCount {
		// Inside the bounds everything fits, but nothing is exact.
		within := l.Kernel >= l.Counted && l.Kernel <= l.Most()
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
		d.explainMissing(&l)
	default:
		l.explainSurplus()
	}
	return l
}

// explainMissing explains events that are missing.
func (d *explanations) explainMissing(l *CounterRow) {
	if hidden := sentencesFor(d.limits, l.Counter); len(hidden) > 0 {
		l.OK = true
		l.Note = "not comparable: " + strings.Join(hidden, "; ")
		return
	}
	missing := l.Kernel - l.Most()
	if reason := d.countedBefore(l.Counter, missing); reason != "" {
		l.uncompared(fmt.Sprintf("the kernel counted %d more than there are events", missing), reason)
		return
	}
	may := []string{fmt.Sprintf("the kernel counted %d more than there are events", missing)}
	if d.report.Missed > 0 {
		may = append(may, fmt.Sprintf("it did not run a probe %s, which may be why", timesText(d.report.Missed)))
	}
	if d.uncounted > 0 {
		may = append(may, fmt.Sprintf("the evidence of %s was not kept", eventsText(d.uncounted)))
	}
	if l.Counter == "TcpOutRsts" && d.failed > 0 {
		may = append(may, fmt.Sprintf("%d failed to be sent (TCPAbortFailed), for want of memory before the tracepoint", d.failed))
	}
	if l.Counter == "TcpOutRsts" && d.hasLimit(limitSigned) {
		may = append(may, "replies to segments with an MD5 or AO signature are not seen by this method")
	}
	l.Note = strings.Join(may, "; ")
}

// countedBefore says why so many counts may be from before this comparison, or "".
func (d *explanations) countedBefore(counter string, counts uint64) string {
	switch newcomers, returners := d.newcomers[counter], d.returners[counter]; {
	case counts <= newcomers:
		return namespacesText(d.report.Came) + " came, and may be older than this comparison"
	case counts <= newcomers+returners:
		return "namespaces could be read again, and counted meanwhile"
	}
	return ""
}

// explainSurplus explains events that the counters do not have.
func (l *CounterRow) explainSurplus() {
	l.Note = surplusText(saturatingSub(l.Counted, l.Kernel))
	if l.Counter == "TcpOutRsts" {
		l.Note += "; an IPv6 reply that finds no route is an event and not counted"
	}
}

func surplusText(surplus uint64) string {
	return eventsText(surplus) + " more than the kernel's counters have"
}

// String says how many events are missing in the counters, and of how many namespaces.
func (h shortfall) String() string {
	var parts []string
	if known := h.most - h.unplaced; known > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s that went or could not be read", eventsText(known), namespacesText(h.namespaces)))
	}
	if h.unplaced > 0 {
		parts = append(parts, eventsText(h.unplaced)+" of namespaces that are too many to count each")
	}
	return strings.Join(parts, " and ")
}

// uncompared says that nothing follows from a difference, and why.
func (l *CounterRow) uncompared(reasons ...string) {
	l.OK, l.Exact, l.Uncompared = true, false, true
	l.Note = "could not be compared: " + strings.Join(reasons, "; ")
}

func (d *explanations) hasLimit(id string) bool {
	for _, l := range d.limits {
		if l.ID == id {
			return true
		}
	}
	return false
}

func namespacesText(n int) string {
	if n == 1 {
		return "1 namespace"
	}
	return fmt.Sprintf("%d namespaces", n)
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func itOrThey(n int) string {
	if n == 1 {
		return "it"
	}
	return "they"
}

func eventsText(n uint64) string {
	if n == 1 {
		return "1 event"
	}
	return fmt.Sprintf("%d events", n)
}

func timesText(n uint64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
