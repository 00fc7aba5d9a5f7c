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
	// Uncompared: they differ, and what could not be read may be why.
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
		report: &r, limits: a.limits, partial: to.reading.Partial, unknown: to.reading.Unknown,
		uncounted: high.Uncounted, failed: since.growth["TCPAbortFailed"], newcomers: since.newcomers,
	}
	highest := rowsOf(Check(since.growth, high.Counts))
	for _, row := range Check(since.growth, low.Counts) {
		r.Lines = append(r.Lines, why.judge(row, highest[row.Counter]))
	}
	return r
}

func rowsOf(rows []Row) map[string]Row {
	by := make(map[string]Row, len(rows))
	for _, row := range rows {
		by[row.Counter] = row
	}
	return by
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
		add("the counters of %s could not be read (a namespace without a process takes CAP_SYS_ADMIN)", where)
	}
	if reading.Partial {
		add("only namespaces of processes in this container are counted, while events are those of the whole host")
	}
}

// doubts are what may stand behind a difference.
type doubts struct {
	report    *Report
	limits    []Limit
	partial   bool
	unknown   int // processes whose namespace is not known
	uncounted uint64
	failed    uint64 // TCPAbortFailed
	newcomers Snapshot
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
		d.more(&l)
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
	if d.report.Came > 0 && missing <= d.newcomers[l.Counter] {
		l.uncompared(fmt.Sprintf("the kernel counted %d more than there are events", missing),
			namespaces(d.report.Came)+" came, and may be older than this comparison")
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

// more explains events that the counters do not have.
func (d *doubts) more(l *Line) {
	surplus := less(l.Events, l.Kernel)
	text := fmt.Sprintf("%s more than the kernel's counters have", events(surplus))
	if d.partial {
		l.OK = true
		l.Note = "not comparable: " + text + ", because those of other containers and of the host are not visible here"
		return
	}
	if reasons := d.unread(); len(reasons) > 0 {
		l.uncompared(text, reasons...)
		return
	}
	may := []string{text, "a namespace that only a descriptor keeps, or that came and went meanwhile, is in the events and not in the counters"}
	if d.unknown > 0 {
		may = append(may, fmt.Sprintf("which namespace a process is in could not be seen (%s)", times(uint64(d.unknown))))
	}
	if l.Counter == "TcpOutRsts" {
		may = append(may, "an IPv6 reply that finds no route is an event and not counted")
	}
	l.Note = strings.Join(may, "; ")
}

// unread are the namespaces whose events are known and whose counters are not.
func (d *doubts) unread() (reasons []string) {
	r := d.report
	if r.Unreadable > 0 {
		reasons = append(reasons, namespaces(r.Unreadable)+" could not be read")
	}
	if r.Went > 0 {
		reasons = append(reasons, namespaces(r.Went)+" went and took the last counts along")
	}
	if r.Came > 0 && r.Went == 0 {
		reasons = append(reasons, namespaces(r.Came)+" came, and others may have come and gone meanwhile")
	}
	return reasons
}

// uncompared says that nothing follows from a difference, and why.
func (l *Line) uncompared(difference string, reasons ...string) {
	l.OK, l.Exact, l.Uncompared = true, false, true
	l.Note = "could not be compared: " + difference + "; " + strings.Join(reasons, "; ")
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
