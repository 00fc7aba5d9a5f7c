package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rsttrace/rsttrace/internal/markup"
	"github.com/rsttrace/rsttrace/internal/sink/text"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func grouped(n uint64) string { return cause.Grouped(n) }

func sortByLost(keys []string, rows map[string]*row) {
	slices.SortStableFunc(keys, func(a, b string) int { return cmp.Compare(rows[b].lost(), rows[a].lost()) })
}

// writeAccount writes the exact totals, what the events lack, and the audit.
func (s *Sink) writeAccount(p *page) {
	s.writeTotals(p)
	p.Element(markup.Heading3, "Audit")
	if s.account.compared == 0 {
		p.note("There is no audit. rsttrace --audit end, and a live report, compare the events with the kernel's own counters.")
		return
	}
	n := uint64(s.account.compared)
	switch {
	case s.account.wrong > 0:
		p.warn(plural(uint64(s.account.wrong), "audit") + " of " + grouped(n) + " found a contradiction.")
	case s.account.uncompared > 0:
		p.Element(markup.Paragraph, "In "+plural(n, "audit")+", no counter of the kernel contradicts the events. "+plural(s.account.uncompared, "counter")+" could not be compared in full: the table has the reasons.")
	default:
		p.Element(markup.Paragraph, "In "+plural(n, "audit")+", the kernel's own counters agree with the events.")
	}
	for i := range s.account.audits {
		p.audit(&s.account.audits[i])
		if i == 0 && len(s.account.audits) > 1 {
			p.Start(markup.Details)
			p.Element(markup.Summary, "Further audits")
		}
	}
	if len(s.account.audits) > 1 {
		p.End()
	}
}

func (s *Sink) writeTotals(p *page) {
	a := &s.account
	if a.runs == 0 {
		p.note("The input has no totals. So it is not known whether events are missing.")
		return
	}
	line, explained := text.Account(&a.sum)
	p.Start(markup.Paragraph)
	p.Text("The kernel side counted " + line + ".")
	if s.options.Filtered {
		p.Text(" These totals are of the whole host. The events on this page are filtered.")
	}
	p.End()
	if len(explained) > 0 {
		p.Start(markup.List)
		for _, e := range explained {
			p.Start(markup.Item)
			p.Element(markup.Strong, e.Number)
			p.Text(" " + e.Meaning + ".")
			p.End()
		}
		p.End()
	}
	p.Start(markup.Details)
	p.Element(markup.Summary, "Exact totals by cause")
	p.table("Exact totals and the events on this page", column{title: "Cause"}, column{title: "Direction"}, column{"Counted", true}, column{"On this page", true})
	for _, c := range a.sum.Sorted() {
		var seen uint64
		if r := s.causes.rows[string(c.Dir)+" "+string(c.Cause)]; r != nil {
			seen = r.events
		}
		p.head(string(c.Cause))
		p.cell(string(c.Dir))
		p.number(c.Events)
		p.number(seen)
		p.End()
	}
	p.endTable()
	p.End()
}

// audit writes one comparison.
func (p *page) audit(a *event.Audit) {
	p.table("Kernel's counters over "+millis(uint64(max(0, a.Elapsed.Milliseconds())))+" in "+plural(uint64(max(0, a.Namespaces)), "network namespace"),
		column{title: "Counter"}, column{"Kernel", true}, column{"Events", true}, column{title: "Agrees"}, column{title: "Remark"})
	for i := range a.Counters {
		c := &a.Counters[i]
		if !c.Moved() && c.OK {
			continue
		}
		events := grouped(c.Counted)
		if c.Most() > c.Counted {
			events += " to " + grouped(c.Most())
		}
		p.head(clip(c.Name))
		p.number(c.Kernel)
		p.Element(markup.Cell, events, class("n"))
		switch {
		case !c.OK:
			p.Element(markup.Cell, "no", class("wrong"))
		case c.Uncompared:
			p.cell("could not be compared")
		default:
			p.cell("yes")
		}
		remark := ""
		if !c.Exact || c.OnlyKernel() {
			remark = c.Note
		}
		p.Element(markup.Cell, clip(remark), class("wide"))
		p.End()
	}
	p.endTable()
	if len(a.Notes) > 0 {
		p.note(clip(strings.Join(a.Notes, ". ")) + ".")
	}
}
