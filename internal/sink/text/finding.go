package text

import (
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Finding writes an incident: in full when it begins or turns out to be something
// else, in one line when it grows, and in its row of the totals.
func (s *Sink) Finding(f *event.Finding) error {
	if f.Phase == event.FindingEnds || !s.options.Fold && f.Phase != event.FindingTotal {
		return nil // that nothing more came is no news
	}
	p := &s.page
	p.begin(s.out.Open())
	before, known := s.findings[f.ID]
	switch {
	case f.Phase == event.FindingTotal:
		s.findingTotal(f)
	case known && before.is(f):
		s.newDay(f.Last)
		s.findingGrows(f)
	default:
		s.newDay(f.Last)
		s.findingBegins(f, known)
	}
	return s.out.Commit(p.end())
}

// diagnosis is what was said of a finding, and in which line.
type diagnosis struct {
	pattern event.PatternID
	cause   event.CauseID
	resets  uint64
	line    uint64
}

func (d diagnosis) is(f *event.Finding) bool { return d.pattern == f.Pattern && d.cause == f.Cause }

// onScreen reports whether all that there is to say of a finding was said, and can
// still be seen.
func (s *Sink) onScreen(f *event.Finding) bool {
	said, known := s.findings[f.ID]
	rows := uint64(s.options.Height)
	if rows == 0 {
		rows = rowsOfFile
	}
	return known && said.is(f) && said.resets == f.Resets && s.page.lines < said.line+rows
}

// rowsOfFile is how far a reader of a file looks back.
const rowsOfFile = 24

// findingsMax bounds the memory. A finding that was forgotten is shown in full again.
const findingsMax = 20_000

func (s *Sink) noteFinding(f *event.Finding) {
	if s.findings == nil || len(s.findings) >= findingsMax {
		s.findings = make(map[uint64]diagnosis)
	}
	s.findings[f.ID] = diagnosis{f.Pattern, f.Cause, f.Resets, s.page.lines}
}

// findingName is what stands for a finding: its pattern, else its cause.
func findingName(f *event.Finding) string {
	if f.Pattern != "" {
		return clean(string(f.Pattern))
	}
	return clean(string(f.Cause))
}

func (s *Sink) findingBegins(f *event.Finding, known bool) {
	s.noteFinding(f)
	p := &s.page
	s.findingHead(f, known)
	p.newLine(s.indent())
	p.words("", clean(f.Summary), s.indent())
	if text := s.sufferedText(f); text != "" {
		p.newLine(s.indent())
		p.words("", text, s.indent())
	}
	for _, o := range []*event.Owner{&f.Actor.Owner, &f.Victim.Owner} {
		if text := programText(o); text != "" {
			p.newLine(s.indent())
			p.words(s.style.faint, text, s.indent())
		}
	}
	if len(f.Because) > 0 {
		p.newLine(s.indent())
		p.words(s.style.faint, "because "+clean(strings.Join(f.Because, "; ")), s.indent())
	}
	if remedy := clean(f.Remedy); !f.Harmless && remedy != "" {
		p.newLine(s.indent())
		p.text(s.style.remedy, s.glyph.right)
		p.space(1)
		p.words(s.style.remedy, remedy, s.indent()+cells(s.glyph.right)+1)
	}
}

// findingHead is the line that is looked for: when, which, what, who.
func (s *Sink) findingHead(f *event.Finding, known bool) {
	p := &s.page
	p.text(s.style.faint, f.Last.In(s.options.Location).Format(clock))
	p.space(1)
	p.text("", "#"+strconv.FormatUint(f.ID, 10))
	p.space(1)
	if known {
		p.text("", "is now")
		p.space(1)
	}
	p.text(s.style.cause, findingName(f))
	if f.Certainty == event.Likely {
		p.text(s.style.faint, " (likely)")
	}
	if f.Harmless {
		p.text(s.style.faint, " (harmless)")
	}
	s.findingEnds(f)
}

// findingEnds is the way of the first RST, with who is at each end.
func (s *Sink) findingEnds(f *event.Finding) {
	p := &s.page
	from, to, sender, receiver := f.Local, f.Peer, &f.Actor.Owner, &f.Victim.Owner
	if f.Dir != event.Sent {
		from, to = f.Peer, f.Local
	}
	for i, end := range []struct {
		at    event.Endpoint
		owner *event.Owner
	}{{from, sender}, {to, receiver}} {
		text := clean(end.at.String())
		if who := ownerText(&event.Event{Owner: *end.owner}); who != "-" {
			text += " " + who
		}
		if i > 0 {
			text = s.glyph.right + " " + text
			if p.fits(1 + cells(text)) {
				p.space(1)
			} else {
				p.newLine(s.indent())
			}
		} else {
			s.nextFact(cells(text))
		}
		p.words("", text, s.indent())
	}
	netns := netnsText(&event.Event{Netns: f.Netns})
	if f.Initiator != (event.ProcessRef{}) {
		netns = strings.TrimPrefix(netns+", by "+processText(f.Initiator.PID, f.Initiator.Comm), ", ")
	}
	if netns != "" {
		s.nextFact(cells(netns))
		p.words(s.style.faint, netns, s.indent())
	}
}

// programText says what a process runs, where its name alone does not: java, python3.
func programText(o *event.Owner) string {
	program, arguments, _ := strings.Cut(clean(o.Cmdline), " ")
	program = path.Base(strings.TrimSuffix(program, ":"))
	says := false // an argument that is no flag
	for argument := range strings.FieldsSeq(arguments) {
		says = says || !strings.HasPrefix(argument, "-")
	}
	if o.Comm == "" || o.Cmdline == "" || program == clean(o.Comm) && (!says || !interprets(program)) {
		return ""
	}
	text := clean(o.Comm) + " is " + strings.TrimSpace(program+" "+arguments)
	if o.Parent.Comm != "" {
		text += ", started by " + processText(o.Parent.PID, o.Parent.Comm)
	}
	return text
}

// interprets reports whether a program runs others, which its name does not tell.
func interprets(program string) bool {
	for _, name := range []string{"bash", "beam.smp", "dash", "dotnet", "java", "mono", "node", "perl", "php", "python", "ruby", "sh"} {
		if strings.TrimRight(program, "0123456789.") == name || program == name {
			return true
		}
	}
	return false
}

// sufferedText is what applications got, and what was lost.
func (s *Sink) sufferedText(f *event.Finding) string {
	var parts []string
	for _, e := range f.Errors {
		text := clean(e.Errno)
		if e.Count > 1 {
			text += " " + cause.Grouped(e.Count) + " times"
		}
		parts = append(parts, text)
	}
	text := ""
	if len(parts) > 0 {
		who := processOf(&f.Victim.Owner)
		if who == "" {
			who = "the application"
		}
		text = who + " got " + strings.Join(parts, ", ")
	}
	if n := uint64(f.Lost.UnsentBytes) + uint64(f.Lost.UnackedBytes); n > 0 {
		if text != "" {
			text += "; "
		}
		text += cause.Grouped(n) + " bytes did not arrive"
	}
	return text
}

func (s *Sink) findingGrows(f *event.Finding) {
	p := &s.page
	p.text(s.style.faint, f.Time.In(s.options.Location).Format(clock))
	p.space(1)
	text := "#" + strconv.FormatUint(f.ID, 10) + " " + findingName(f) + ": " + plural(f.Resets, "reset") + " in " + rough(f.Last.Sub(f.First))
	if f.Peers.Count > 1 {
		text += ", of " + tallyText(f.Peers, "peer")
	}
	p.words(s.style.faint, text, s.indent())
}

// findingTotal is the row of a finding in the totals.
func (s *Sink) findingTotal(f *event.Finding) {
	p := &s.page
	if p.lines > 0 && !s.totals {
		p.newLine(0)
	}
	s.totals = true
	p.text("", "#"+strconv.FormatUint(f.ID, 10))
	p.space(1)
	p.text(s.style.cause, findingName(f))
	if f.Certainty == event.Likely {
		p.text(s.style.faint, " (likely)")
	}
	if f.Harmless {
		p.text(s.style.faint, " (harmless)")
	}
	p.space(gap)
	text := plural(f.Resets, "reset")
	if f.Resets > 1 {
		text += " from " + f.First.In(s.options.Location).Format(clock) + " to " + f.Last.In(s.options.Location).Format(clock)
	}
	if f.Peers.Count > 1 {
		text += ", " + tallyText(f.Peers, "peer")
	}
	if f.After != 0 {
		text += ", led on by #" + strconv.FormatUint(f.After, 10)
	}
	p.words("", text, 4)
	if s.onScreen(f) {
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

func tallyText(t event.Tally, what string) string {
	text := plural(t.Count, what)
	if t.More {
		text = "more than " + text
	}
	return text
}

// rough is a time as people say it.
func rough(d time.Duration) string {
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 2*time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < 2*time.Hour:
		return strconv.FormatFloat(d.Minutes(), 'f', 1, 64) + " min"
	default:
		return strconv.FormatFloat(d.Hours(), 'f', 1, 64) + " h"
	}
}
