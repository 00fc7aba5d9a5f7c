package sentence

import (
	"strconv"
	"time"

	"github.com/rsttrace/rsttrace/internal/printable"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// AppendEvent appends the cause of an event, its sentence and its remedy.
func AppendEvent(text []byte, e *event.Event) []byte {
	text = strconv.AppendUint(append(text, "Event "...), e.ID, 10)
	text = append(append(text, ", "...), e.Cause...)
	if e.Certainty == event.Likely {
		text = append(text, " (likely)"...)
	}
	text = append(append(text, ": "...), printable.Text(e.Summary)...)
	if e.Remedy != "" {
		text = append(append(text, ". "...), printable.Text(e.Remedy)...)
	}
	if e.Finding != 0 {
		text = strconv.AppendUint(append(text, ". Finding "...), e.Finding, 10)
	}
	return append(text, '.')
}

// Followup says what happened to an application.
func Followup(f *event.Followup) string {
	text := "Event " + number(f.Event) + ", " + delay(f.After) + " later: "
	who := ""
	if f.PID != 0 {
		who = printable.Text(f.Comm) + "[" + number(uint64(f.PID)) + "]"
	}
	switch f.Kind {
	case event.GotError:
		text += "the kernel reported " + printable.Text(f.Errno) + " on the socket"
		if who != "" {
			text += " of " + who
		}
	default:
		text += who + " got SIGPIPE"
	}
	if f.Ended {
		text += " and was terminated by it"
	}
	return text + " (" + printable.Text(string(f.Cause)) + ", " + printable.Text(f.Local.String()) + ")"
}

// Finding says the diagnosis, and what to do.
func Finding(f *event.Finding) string {
	text := "Finding " + number(f.ID) + " " + printable.Text(string(f.Phase))
	if f.Pattern != "" {
		text += ", " + printable.Text(string(f.Pattern))
	}
	text += ": " + printable.Text(f.Summary)
	if f.Remedy != "" {
		text += ". " + printable.Text(f.Remedy)
	}
	return text + ". " + plural(f.Resets, "reset")
}

// Coverage says what a host looks for, and what is missing of it.
func Coverage(c *event.Coverage) string {
	text := "Coverage " + printable.Text(string(c.Phase)) + ": "
	for i, dir := range c.Dirs {
		if i > 0 {
			text += ", "
		}
		text += printable.Text(string(dir))
	}
	if c.Filter != "" {
		text += ", and of these: " + printable.Text(c.Filter)
	}
	if missing := c.Lost + c.Missed; missing > 0 {
		text += "; " + plural(missing, "event") + " missing"
	}
	if c.HeldBack {
		text += "; the rate limit may hide events"
	}
	return text
}

// Loss says how many events have no line.
func Loss(l *event.Loss) string {
	return "Lost: the details of " + plural(l.Events, "event") + ". The totals count them"
}

// Totals says the sum, and the most frequent causes.
func Totals(t *event.Totals) string {
	text := "Totals: " + plural(t.Events(), "event") + ", " + number(t.Shown) + " shown"
	if t.Lost > 0 {
		text += ", the details of " + number(t.Lost) + " lost"
	}
	if t.Missed > 0 {
		text += ", " + number(t.Missed) + " more missed by the kernel"
	}
	for i, c := range t.Sorted() {
		if i == causesMax {
			return text + ", and others"
		}
		text += ", " + string(c.Dir) + " " + printable.Text(string(c.Cause)) + " " + number(c.Events)
	}
	return text
}

// causesMax is how many causes a sentence names.
const causesMax = 8

// Audit says whether counters of the kernel contradict the events.
func Audit(a *event.Audit) string {
	if a.OK {
		return "Audit over " + delay(a.Elapsed) + ": no counter of the kernel contradicts the events"
	}
	text := "Audit over " + delay(a.Elapsed) + ": contradicted by"
	for _, c := range a.Counters {
		if !c.OK {
			text += " " + printable.Text(c.Name)
		}
	}
	return text
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

func plural(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return number(n) + " " + what + "s"
}

// delay is a duration in the largest unit that leaves a whole number.
func delay(d time.Duration) string {
	switch {
	case d >= time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d >= time.Millisecond:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	default:
		return strconv.FormatInt(d.Microseconds(), 10) + " µs"
	}
}
