package text

import (
	"strconv"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// totalsInFull is how many findings the totals explain: as many as somebody reads.
	totalsInFull = 8
	// totalsNamed is how many more they name. The rest is counted.
	totalsNamed = 30
)

// findingTotal is the row of a finding in the totals. They come ranked: what is worst
// first.
func (s *Sink) findingTotal(f *event.Finding) {
	p := &s.page
	if p.lines > 0 && s.totals == 1 {
		p.newLine(0)
	}
	p.text("", "#"+strconv.FormatUint(f.ID, 10))
	p.space(1)
	p.text(s.style.cause, findingName(f))
	p.text(s.style.faint, qualified(f))
	p.space(gap)
	text := plural(f.Resets, "reset")
	if f.Pattern != "" && event.CauseID(f.Pattern) != f.Cause {
		text += " of cause " + clean(string(f.Cause))
	}
	if f.Resets > 1 {
		text += " from " + f.First.In(s.options.Location).Format(clock) + " to " + f.Last.In(s.options.Location).Format(clock)
	}
	if f.Peers.Count > 1 {
		text += ", " + tallyText(f.Peers, "peer")
	}
	if f.Namespaces.Count > 1 {
		text += ", " + tallyText(f.Namespaces, "network namespace")
	}
	if f.After != 0 {
		text += ", led on by #" + strconv.FormatUint(f.After, 10)
	}
	p.words("", text, 4)
	if s.totals > totalsInFull || s.onScreen(f) {
		return
	}
	p.newLine(4)
	p.words("", clean(f.Summary), 4)
	if text := s.sufferedText(f); text != "" {
		p.newLine(4)
		p.words("", text, 4)
	}
	if remedy := clean(f.Remedy); !f.Harmless && remedy != "" {
		p.newLine(4)
		p.text(s.style.remedy, s.glyph.right)
		p.space(1)
		p.words(s.style.remedy, remedy, 4+cells(s.glyph.right)+1)
	}
}

// furtherFindings counts the findings that the totals do not name, and begins anew.
func (s *Sink) furtherFindings() {
	if n := s.totals; n > totalsInFull+totalsNamed {
		p := &s.page
		p.words(s.style.faint, "and "+plural(n-totalsInFull-totalsNamed, "more finding")+": read the JSON (-o json) or a recording", 4)
		p.newLine(0)
	}
	s.totals = 0
}
