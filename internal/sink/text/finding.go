package text

import (
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
	if f.Phase == event.FindingTotal {
		if s.totals++; s.totals > totalsInFull+totalsNamed {
			return nil // it is counted
		}
	}
	before, known := s.findings[f.ID]
	if known && f.Phase != event.FindingTotal && before.is(f) && before.harmless != f.Harmless {
		before.harmless = f.Harmless // its next line counts, and the totals advise
		s.findings[f.ID] = before
		return nil
	}
	p := &s.page
	p.begin(s.out.Open())
	switch {
	case f.Phase == event.FindingTotal:
		s.findingTotal(f)
	case known && before.is(f):
		s.newDay(f.Last)
		s.findingGrows(f)
	default:
		s.newDay(f.Last)
		s.findingBegins(f, before)
	}
	return s.out.Commit(p.end())
}

// diagnosis is what was said of a finding, and in which line.
type diagnosis struct {
	pattern  event.PatternID
	cause    event.CauseID
	resets   uint64
	line     uint64
	harmless bool
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

func (s *Sink) noteFinding(f *event.Finding, inFull bool) {
	if s.findings == nil || len(s.findings) >= findingsMax {
		s.findings = make(map[uint64]diagnosis)
	}
	said := diagnosis{f.Pattern, f.Cause, f.Resets, s.page.lines, f.Harmless}
	if !inFull {
		said.resets = 0
	}
	s.findings[f.ID] = said
}

// alike counts findings of the same kind that follow one another at once, as those of the
// single addresses that somebody tries.
type alike struct {
	kind  string
	at    time.Time
	count int
}

const (
	// alikeInFull is how many of them are explained. The totals explain the others.
	alikeInFull = 2
	// alikeWithin is how soon the next one comes.
	alikeWithin = time.Second
)

// inFull takes the next finding, and reports whether it is explained.
func (a *alike) inFull(f *event.Finding) bool {
	actor, victim := &f.Actor.Owner, &f.Victim.Owner
	kind := strings.Join([]string{findingName(f), actor.Comm, actor.Cmdline, victim.Comm, victim.Cmdline}, "\x00")
	if a.kind != kind || f.Time.Sub(a.at) > alikeWithin {
		*a = alike{kind: kind}
	}
	a.at = f.Time
	a.count++
	return a.count <= alikeInFull
}

// findingName is what stands for a finding: its pattern, else its cause.
func findingName(f *event.Finding) string {
	if f.Pattern != "" {
		return clean(string(f.Pattern))
	}
	return clean(string(f.Cause))
}

// name is what stood for the finding.
func (d diagnosis) name() string {
	return findingName(&event.Finding{Pattern: d.pattern, Cause: d.cause})
}

// findingBegins writes a finding in full. Of one that was called something else before, it
// says that this no longer holds.
func (s *Sink) findingBegins(f *event.Finding, before diagnosis) {
	known := before != diagnosis{}
	inFull := s.alike.inFull(f)
	s.noteFinding(f, inFull)
	p := &s.page
	if !inFull {
		brief := *f
		brief.Netns = event.Netns{} // as that before
		f = &brief
	}
	s.findingHead(f, known)
	if !inFull {
		return
	}
	if known {
		p.newLine(s.indent())
		p.words(s.style.faint, "More is known now: this replaces "+before.name()+" and its advice.", s.indent())
	}
	if len(f.Absorbed) > 0 {
		p.newLine(s.indent())
		p.words(s.style.faint, "This replaces "+numbersText(f.Absorbed)+" and their advice.", s.indent())
	}
	p.newLine(s.indent())
	p.words("", clean(f.Summary), s.indent())
	if text := s.sufferedText(f); text != "" {
		p.newLine(s.indent())
		p.words("", text, s.indent())
	}
	for _, o := range []*event.Owner{&f.Actor.Owner, &f.Victim.Owner} {
		if text := programText(o); text != "" && s.programs.isNew(o) {
			p.newLine(s.indent())
			p.words(s.style.faint, text, s.indent())
		}
	}
	if len(f.Because) > 0 {
		p.newLine(s.indent())
		why := "because "
		if f.Certainty == event.Likely {
			why = "likely, because "
		}
		p.words(s.style.faint, why+clean(strings.Join(f.Because, "; ")), s.indent())
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
	at := f.Last
	if known {
		at = f.Time // of what has changed it
	}
	p.text(s.style.faint, at.In(s.options.Location).Format(clock))
	p.space(1)
	p.text("", "#"+strconv.FormatUint(f.ID, 10))
	p.space(1)
	if known {
		p.text("", "is now")
		p.space(1)
	}
	p.text(s.style.cause, findingName(f))
	p.text(s.style.faint, qualified(f))
	s.findingEnds(f)
}

// qualified says how certain a finding is, and whether it hurt anybody.
func qualified(f *event.Finding) string {
	switch likely := f.Certainty == event.Likely; {
	case likely && f.Harmless:
		return " (likely, harmless)"
	case likely:
		return " (likely)"
	case f.Harmless:
		return " (harmless)"
	}
	return ""
}

// findingEnds is the way of the first RST, with who is at each end.
func (s *Sink) findingEnds(f *event.Finding) {
	p := &s.page
	from, to, sender, receiver := f.Local, f.Peer, &f.Actor, &f.Victim
	if f.Dir != event.Sent && !f.FromLocal {
		from, to = f.Peer, f.Local
	}
	for i, end := range []struct {
		at    event.Endpoint
		party *event.Party
	}{{from, sender}, {to, receiver}} {
		text := clean(end.at.String())
		if who := partyText(&end.party.Owner); who != "-" {
			text += " " + who
		}
		text += onHost(end.party.Host)
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
	if netns != "" && f.Netns.Name == "" && !s.explains {
		s.explains = true
		netns += " (that of the " + whoseNetns(f) + "; lsns -t net lists all)"
	}
	if f.Initiator.PID != 0 {
		netns = strings.TrimPrefix(netns+", by "+processText(f.Initiator.PID, f.Initiator.Comm), ", ")
	}
	if netns != "" {
		s.nextFact(cells(netns))
		p.words(s.style.faint, netns, s.indent())
	}
}

// whoseNetns says which end of the first line is in the namespace behind it.
func whoseNetns(f *event.Finding) string {
	if f.Dir == event.Sent {
		return "sender"
	}
	return "receiver"
}

// partyText names an end of a finding. That its owner closed the socket, perhaps after the
// RST, would read as if it were the reason. An exit without an error would read as if the RST had
// caused it.
func partyText(o *event.Owner) string {
	party := *o
	if party.Source == event.FromCloser {
		party.Source = event.FromSocket
	}
	exited := o.Ended.Signal == "" && o.Ended.ExitCode != nil && *o.Ended.ExitCode == 0
	if exited {
		party.Ended.ExitCode, party.Source = nil, event.FromSocket
	}
	text := ownerText(&event.Event{Owner: party})
	if exited {
		text += " (has exited)"
	}
	return text
}

// numbersText names findings by their numbers: "#1", "#1, #2", "#1 and 7 more".
func numbersText(ids []uint64) string {
	const listed = 4
	text := "#" + strconv.FormatUint(ids[0], 10)
	if len(ids) > listed {
		return text + " and " + digits(uint64(len(ids)-1)) + " more"
	}
	for _, id := range ids[1:] {
		text += ", #" + strconv.FormatUint(id, 10)
	}
	return text
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
		if more := f.Victim.PIDs.Count; more > 1 {
			who += " and " + digits(more-1) + " more"
		}
		text = who + " got " + strings.Join(parts, ", ")
	}
	if n := uint64(f.Lost.UnsentBytes) + uint64(f.Lost.UnackedBytes); n > 0 {
		if text != "" {
			text += "; "
		}
		text += cause.Grouped(n) + " bytes were written and not acknowledged"
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
	if f.Namespaces.Count > 1 {
		text += ", in " + tallyText(f.Namespaces, "network namespace")
	}
	p.words(s.style.faint, text, s.indent())
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
