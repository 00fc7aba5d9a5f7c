package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/text"
	"github.com/rsttrace/rsttrace/internal/wordwrap"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// detail is one row in full.
type detail struct {
	of  string // which row it is
	top int    // the first line that is seen
	end int    // how far it can be scrolled
}

func (d *detail) scroll(n int) { d.top = max(0, min(d.top+n, d.end)) }

// drawDetail draws the chosen row in full.
func (s *State) drawDetail(width, height int) []string {
	page := &sheet{theme: &s.theme, width: width}
	of, title := s.detailOf(page)
	if of != s.detail.of {
		s.detail = detail{of: of}
	}
	s.detail.end = max(0, len(page.lines)-(height-1))
	s.detail.scroll(0)
	base := s.theme.heading
	if s.focus == detailPart {
		base = s.theme.focused
	}
	heading := s.theme.newLine(width, base).put("", title)
	if s.detail.end > 0 {
		heading.put("", fmt.Sprintf("   line %d of %d", s.detail.top+1, len(page.lines)))
	}
	drawn := append([]string{heading.String()}, page.lines[s.detail.top:]...)
	for len(drawn) < height {
		drawn = append(drawn, "")
	}
	return drawn[:height]
}

// detailOf writes the chosen row of the table that was looked at last.
func (s *State) detailOf(page *sheet) (of, title string) {
	switch s.before {
	case causesPart:
		if c, ok := s.causes.current(); ok {
			page.paragraph("", grouped(c.Events)+" "+string(c.Dir)+", "+orZero(perSecond(c.Rate))+" per second lately")
			page.explain(c.ID, "")
			page.commands("rsttrace explain "+string(c.ID), "rsttrace 'cause "+string(c.ID)+"'")
			return s.causes.key(c), string(c.ID)
		}
	case findingsPart:
		if f, ok := s.findings.current(); ok {
			s.writeFinding(page, f.Finding)
			return "finding " + s.findings.key(f), "finding #" + optional(f.ID)
		}
	default:
		if e, ok := s.events.current(); ok {
			s.writeEvent(page, e)
			return "event " + s.events.key(e), "event #" + optional(e.ID)
		}
	}
	page.paragraph("", "Nothing is here yet. To see a reset: curl 127.0.0.1:1 in another terminal, or rsttrace lab.")
	return "", ""
}

func (s *State) writeEvent(page *sheet, e *event.Event) {
	page.text(s.location, false, func(sink *text.Sink) error { return sink.Event(e) })
	for _, f := range s.latest.Followups {
		if f.Event == e.ID {
			page.paragraph(s.theme.errno, text.FollowupText(f))
		}
	}
	page.paragraph("", text.CommandLine(&e.Owner))
	if other := s.findOther(e); other != nil {
		page.title("The other end")
		page.text(s.location, false, func(sink *text.Sink) error { return sink.Event(other) })
	}
	if e.Finding != 0 {
		page.paragraph(s.theme.faint, "It is part of finding #"+optional(e.Finding)+".")
	}
	page.explain(e.Cause, "")
	page.commands(further(e)...)
}

func (s *State) writeFinding(page *sheet, f *event.Finding) {
	page.text(s.location, true, func(sink *text.Sink) error {
		whole := *f
		whole.Phase = event.FindingBegins
		return sink.Finding(&whole)
	})
	page.title("How often")
	page.paragraph("", fmt.Sprintf("%s from %s to %s", plural(f.Resets, "reset"), f.First.In(s.location).Format(day), f.Last.In(s.location).Format(day)))
	if f.Peers.Count > 0 {
		page.paragraph("", tally(f.Peers, "address")+" at the other end")
	}
	for _, n := range f.Numbers {
		page.paragraph("", spread(n))
	}
	for _, e := range f.Errors {
		page.paragraph(s.theme.errno, e.Errno+" "+plural(e.Count, "time"))
	}
	page.explain(f.Cause, f.Pattern)
	commands := further(f.FirstEvent())
	if f.Pattern != "" {
		commands = append([]string{"rsttrace explain " + string(f.Pattern)}, commands...)
	}
	page.commands(commands...)
}

func tally(t event.Tally, what string) string {
	ending := ""
	if t.Count != 1 {
		ending = "es"
	}
	if t.More {
		return "more than " + grouped(t.Count) + " " + what + ending
	}
	return grouped(t.Count) + " " + what + ending
}

// further are commands to look further at what an event is about.
func further(e *event.Event) []string {
	commands := []string{"rsttrace explain " + string(e.Cause)}
	server := e.Local
	if e.Conn.Role == event.Client || e.Conn.Role == "" && e.Peer.Port < e.Local.Port {
		server = e.Peer
	}
	if server.Port == 0 || !server.Addr.IsValid() {
		return commands
	}
	return append(commands,
		fmt.Sprintf("rsttrace --evidence 'host %s and port %d'", server.Addr, server.Port),
		fmt.Sprintf("ss -tanp '( sport = :%d or dport = :%d )'", server.Port, server.Port))
}

// sheet collects the lines of a detail.
type sheet struct {
	theme *Theme
	width int
	lines []string
}

// title begins a section.
func (p *sheet) title(of string) {
	p.lines = append(p.lines, "", p.theme.newLine(p.width, p.theme.bold).put("", of).String())
}

// paragraph writes a text between two words of which lines break.
func (p *sheet) paragraph(s style, content string) {
	l := p.theme.newLine(p.width, "")
	for piece := range wordwrap.Pieces(content) {
		if l.used > 0 && l.used+1+text.Cells(piece) > p.width {
			p.lines = append(p.lines, l.String())
			l = p.theme.newLine(p.width, "")
		}
		if l.used > 0 {
			l.put("", " ")
		}
		l.put(s, piece)
	}
	if l.used > 0 {
		p.lines = append(p.lines, l.String())
	}
}

// explain writes what is known of a cause or a pattern.
func (p *sheet) explain(id event.CauseID, of event.PatternID) {
	entry, known := cause.Lookup(id)
	pattern, diagnosed := finding.Lookup(of)
	if !known {
		return
	}
	p.title("What it means")
	fix := entry.Fix
	if diagnosed {
		p.paragraph("", pattern.Title+". "+pattern.Meaning)
		p.paragraph(p.theme.faint, "Would disprove it: "+pattern.Disproof)
		fix = pattern.Fix
	} else {
		p.paragraph("", entry.Title+". "+entry.Meaning)
		p.paragraph(p.theme.faint, "In the kernel: "+entry.KernelPath)
	}
	for _, f := range fix {
		p.paragraph(p.theme.remedy, p.theme.right+" "+f)
	}
}

// commands writes lines to copy.
func (p *sheet) commands(lines ...string) {
	p.title("To look further")
	for _, command := range lines {
		p.lines = append(p.lines, p.theme.newLine(p.width, "").put("", command).String())
	}
}

// text writes what package text writes, which is escaped.
func (p *sheet) text(in *time.Location, fold bool, write func(*text.Sink) error) {
	var out strings.Builder
	o := p.theme.options
	o.Width, o.Height, o.Evidence, o.Fold, o.Location = p.width, 0, true, fold, in
	sink := text.New(&out, o)
	if write(sink) == nil && sink.Flush(time.Time{}) == nil {
		for drawn := range strings.SplitSeq(strings.TrimRight(out.String(), "\n"), "\n") {
			p.lines = append(p.lines, crop(drawn, p.width))
		}
	}
}
