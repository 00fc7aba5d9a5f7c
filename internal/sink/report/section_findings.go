package report

import (
	"strconv"
	"strings"

	"github.com/rsttrace/rsttrace/internal/markup"
	"github.com/rsttrace/rsttrace/internal/sink/text"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

const (
	cardsMax = 40  // findings in full
	briefMax = 500 // in a table
)

// writeFindings writes what hurts in full, and the rest in a table.
func (s *Sink) writeFindings(p *page) {
	all := s.findings.ranked()
	if len(all) == 0 {
		p.note("There is nothing to explain.")
	}
	cards := 0
	for cards < min(len(all), cardsMax) && !all[cards].Harmless { // what is harmless comes last
		cards++
	}
	brief := all[cards:]
	s.writeIndex(p, all)
	for _, i := range all[:cards] {
		s.writeCard(p, i)
	}
	if len(brief) == 0 {
		return
	}
	p.Start(markup.Details, class("harmless"))
	p.Element(markup.Summary, briefTitle(brief))
	p.table("Further findings", column{title: "Finding"}, column{title: "What happened"}, column{"Resets", true}, column{title: "First"}, column{title: "Last"})
	for _, i := range brief[:min(len(brief), briefMax)] {
		p.Start(markup.Row, markup.ID.Is(cardID(i.ID)))
		p.Start(markup.HeaderCell, markup.Scope.Is("row"))
		p.Text("#" + strconv.FormatUint(i.ID, 10) + " ")
		p.Element(markup.Code, i.name())
		p.End()
		p.Start(markup.Cell, class("wide"))
		p.Text(i.Summary)
		p.showEvents(i)
		p.End()
		p.number(i.Resets)
		p.moment(s.clock(i.First))
		p.moment(s.clock(i.Last))
		p.End()
	}
	p.endTable()
	if left := len(brief) - briefMax; left > 0 {
		p.note("There are " + plural(uint64(left), "further finding") + ". A filter makes a page about fewer of them.")
	}
	if n := s.findings.forgot; n > 0 {
		p.note("Besides, " + plural(n, "finding") + " found no room: the ones that matter least.")
	}
	p.End()
}

// indexMax is how many findings are in the list in front of them.
const indexMax = 7

// writeIndex lists the findings in a line each, if they are several.
func (s *Sink) writeIndex(p *page, all []*incident) {
	for len(all) > 0 && all[len(all)-1].Harmless {
		all = all[:len(all)-1]
	}
	if len(all) < 2 {
		return
	}
	p.Start(markup.List, class("index"))
	for _, i := range all[:min(len(all), indexMax)] {
		p.Start(markup.Item, class(cardClasses[i.weight()]))
		p.Element(markup.Link, i.headline(), markup.To(cardID(i.ID)))
		p.Element(markup.Span, i.Summary, class("brief"))
		p.Element(markup.Span, plural(i.Resets, "reset"), class("n"))
		p.End()
	}
	if left := len(all) - indexMax; left > 0 {
		p.Element(markup.Item, grouped(uint64(left))+" more below", class("faint"))
	}
	p.End()
}

func briefTitle(brief []*incident) string {
	harmless, resets := 0, uint64(0)
	for _, i := range brief {
		if i.Harmless {
			harmless++
		}
		resets += i.Resets
	}
	if harmless == len(brief) {
		return plural(uint64(harmless), "harmless finding") + ": " + plural(resets, "reset")
	}
	return plural(uint64(len(brief)), "further finding") + ": " + plural(resets, "reset")
}

func cardID(id uint64) string { return "finding-" + strconv.FormatUint(id, 10) }

// name is what stands for a finding: its pattern, else its cause.
func (i *incident) name() string {
	if i.Pattern != "" {
		return string(i.Pattern)
	}
	return string(i.Cause)
}

// headline says in a few words what happened.
func (i *incident) headline() string {
	if p, known := finding.Lookup(i.Pattern); known {
		return p.Title
	}
	if c, known := cause.Lookup(i.Cause); known {
		return upperFirst(c.Title)
	}
	return i.name()
}

// sentence ends a text with a full stop. It begins with a capital letter unless that would
// change the name of a program.
func sentence(text string) string {
	for _, article := range []string{"the ", "a ", "an "} {
		if strings.HasPrefix(text, article) {
			text = upperFirst(text)
		}
	}
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

func upperFirst(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

var cardClasses = [...]string{noHarm: "calm", noLoss: "mild", hurts: "bad", deadly: "bad"}

func (s *Sink) writeCard(p *page, i *incident) {
	p.Start(markup.Article, class("card "+cardClasses[i.weight()]), markup.ID.Is(cardID(i.ID)))
	p.Element(markup.Heading3, i.headline())
	p.Start(markup.Paragraph, class("facts"))
	p.Text("#" + strconv.FormatUint(i.ID, 10) + " ")
	p.Element(markup.Code, i.name())
	if i.Certainty == event.Likely {
		p.Text(" ")
		p.Element(markup.Span, "likely", class("chip"))
	}
	p.Text(" · ")
	p.Element(markup.Strong, plural(i.Resets, "reset"))
	p.Text(s.whenText(i))
	if i.Peers.Count > 1 {
		p.Text(" · " + counted(i.Peers, "peer"))
	}
	if netns := text.NetnsName(&i.Netns); netns != "" {
		p.Text(" · " + netns)
	}
	p.End()
	s.writeWay(p, i)
	p.Element(markup.Paragraph, sentence(i.Summary), class("summary"))
	if got := i.sufferedText(); got != "" {
		p.Element(markup.Paragraph, sentence(got))
	}
	if i.Remedy != "" && !i.Harmless {
		p.Start(markup.Paragraph, class("fix"))
		p.Element(markup.Strong, "What to change")
		p.Text(" " + sentence(i.Remedy))
		p.End()
	}
	if len(i.Because) > 0 {
		p.note("Likely, because " + strings.Join(i.Because, "; ") + ".")
	}
	s.writeSpark(p, i)
	s.writeProof(p, i)
	p.End()
}

func (s *Sink) whenText(i *incident) string {
	if i.Resets == 1 || i.First.Equal(i.Last) {
		return " at " + s.clock(i.First)
	}
	return " from " + s.clock(i.First) + " to " + s.clock(i.Last)
}

// writeWay shows who sent the RST to whom.
func (s *Sink) writeWay(p *page, i *incident) {
	from, to := i.Local, i.Peer
	if i.Dir != event.Sent && !i.FromLocal {
		from, to = to, from
	}
	p.Start(markup.Paragraph, class("way"))
	p.endOf(from, &i.Actor.Owner, i.Dir)
	p.Element(markup.Span, "RST →", class("arrow"))
	p.endOf(to, &i.Victim.Owner, i.Dir)
	p.End()
}

func (p *page) endOf(at event.Endpoint, o *event.Owner, dir event.Dir) {
	p.Start(markup.Span, class("end"))
	who := text.PartyName(o)
	if who != "-" {
		p.Element(markup.Strong, who)
		p.Text(" ")
	}
	p.Element(markup.Code, at.String())
	if who == "-" && dir != event.Observed { // a capture knows no process
		p.Text(" ")
		p.Element(markup.Span, "no process known here", class("faint"))
	}
	p.End()
}

// sufferedText is what applications got, and what did not arrive.
func (i *incident) sufferedText() string {
	var parts []string
	for _, e := range i.Errors {
		part := e.Errno
		if e.Count > 1 {
			part += " " + cause.Grouped(e.Count) + " times"
		}
		parts = append(parts, part)
	}
	var sentences []string
	if len(parts) > 0 {
		who := i.Victim.Owner.Comm
		if who == "" {
			who = "The application"
		}
		sentences = append(sentences, who+" got "+strings.Join(parts, ", "))
	}
	if i.deaths > 0 {
		sentences = append(sentences, "SIGPIPE ended "+plural(i.deaths, "process"))
	}
	if n := i.undelivered(); n > 0 {
		sentences = append(sentences, plural(n, "byte")+" written and not acknowledged")
	}
	return strings.Join(sentences, "; ")
}

func (p *page) showEvents(i *incident) {
	p.Text(" ")
	p.Element(markup.Button, "Show its events", markup.Type.Is("button"), class("show"), markup.Data.Is(strconv.FormatUint(i.ID, 10)), markup.Hidden.Is(""))
}
