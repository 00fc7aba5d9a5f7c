package report

import (
	"strconv"
	"strings"

	"github.com/rsttrace/rsttrace/internal/markup"
	sentences "github.com/rsttrace/rsttrace/internal/sink/sentence"
	"github.com/rsttrace/rsttrace/internal/sink/text"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// writeProof writes how a finding is known, closed at first.
func (s *Sink) writeProof(p *page, i *incident) {
	p.showEvents(i)
	p.Start(markup.Details)
	p.Element(markup.Summary, "How this is known")
	if d, known := finding.Lookup(i.Pattern); known {
		p.Start(markup.TermList, class("proof"))
		p.term("What it means", d.Meaning)
		p.term("What shows it", d.Shows)
		p.term("What would disprove it", d.Disproof)
		p.term("What else can help", strings.Join(d.Fix, " "))
		p.term("Sources", strings.Join(d.Sources, "; "))
		p.End()
	} else if c, known := cause.Lookup(i.Cause); known {
		p.Start(markup.TermList, class("proof"))
		p.term("What it means", c.Meaning)
		p.term("On the wire", c.OnTheWire)
		p.term("What else can help", strings.Join(c.Fix, " "))
		p.End()
	}
	p.Start(markup.TermList, class("proof"))
	p.term("Cause of the first reset", string(i.Dir)+" "+string(i.Cause))
	p.term("Sender", partyText(&i.Actor))
	p.term("Receiver", partyText(&i.Victim))
	if i.Server.Port != 0 {
		p.term("End that listens", i.Server.String())
	}
	if i.After != 0 {
		p.term("Led on by", "finding #"+strconv.FormatUint(i.After, 10)+": the same process got one of its resets at most 100 ms before")
	}
	p.End()
	if len(i.Numbers) > 0 {
		p.table("Numbers of its resets", column{title: "Number"}, column{"Known of", true}, column{"Least", true}, column{"Median", true}, column{"Most", true})
		for _, n := range i.Numbers {
			what, write, known := sentences.Number(n.Name)
			if !known {
				what, write = string(n.Name), cause.Grouped
			}
			p.head(what)
			p.number(n.Count)
			for _, v := range []uint64{n.Min, n.Median, n.Max} {
				p.Element(markup.Cell, write(v), class("n"))
			}
			p.End()
		}
		p.endTable()
	}
	p.End()
}

// term is a pair of a list, unless there is nothing to say.
func (p *page) term(what, text string) {
	if text == "" {
		return
	}
	p.Element(markup.Term, what)
	p.Element(markup.Definition, text)
}

// partyText is all that is known of one side.
func partyText(side *event.Party) string {
	o := &side.Owner
	if o.IsZero() {
		return ""
	}
	parts := []string{text.PartyName(o)}
	if side.PIDs.Count > 1 {
		parts = append(parts, counted(side.PIDs, "pid")+" in all")
	}
	if line := text.CommandLine(o); line != "" {
		parts = append(parts, line)
	}
	if o.Unit != "" {
		parts = append(parts, "unit "+o.Unit)
	}
	return strings.Join(parts, ", ")
}
