package report

import (
	_ "embed"
	"io"
	"strconv"
	"strings"

	"github.com/rsttrace/rsttrace/internal/markup"
	"github.com/rsttrace/rsttrace/pkg/cause"
)

// Signature is in the second line of every report.
const Signature = "rsttrace report"

var (
	//go:embed report.css
	styleSheet string
	//go:embed report.js
	program string
)

// page is a document with the elements that the sections share.
type page struct{ *markup.Page }

// section of the page, in the order in which they are on it.
type section struct {
	id, title string
	write     func(*Sink, *page)
}

var sections = []section{
	{"findings", "What happened", (*Sink).writeFindings},
	{"when", "When", (*Sink).writeTimeline},
	{"idle", "Silence and age before the reset", (*Sink).writeDurations},
	{"who", "Who, and why", (*Sink).writeMatrix},
	{"ports", "Ports", (*Sink).writePorts},
	{"peers", "Peers", (*Sink).writePeers},
	{"pairs", "Both ends", (*Sink).writePairs},
	{"lost", "Lost bytes", (*Sink).writeLost},
	{"account", "Can these numbers be trusted?", (*Sink).writeAccount},
	{"events", "Every event", (*Sink).writeEvents},
}

// Write writes the page. It is called once, when the stream has ended.
func (s *Sink) Write(w io.Writer) error {
	s.account.newRun()
	style, script := markup.NewAsset(styleSheet), markup.NewAsset(program)
	title := s.options.Title
	if title == "" {
		title = "Why connections were reset"
	}
	p := &page{markup.Begin(w, Signature, title+" · rsttrace", style, script)}
	s.writeHeader(p, title)
	p.Start(markup.Main)
	for _, part := range sections {
		p.Start(markup.Section, markup.ID.Is(part.id), markup.ARIALabelledBy.Is(part.id+"-title"))
		p.Element(markup.Heading2, part.title, markup.ID.Is(part.id+"-title"))
		part.write(s, p)
		p.End()
	}
	p.End()
	s.writeFooter(p)
	p.Bytes("packed", s.held.bytesPacked(s.findings.into))
	return p.Close(script)
}

func (s *Sink) writeHeader(p *page, title string) {
	p.Start(markup.Header)
	p.Element(markup.Heading1, title)
	p.Start(markup.Paragraph, class("meta"))
	p.Text(s.covered())
	if s.events > 0 {
		p.Text(" (" + between(s.span.first, s.span.last) + ")")
	}
	p.Text(" · " + s.source())
	p.End()
	s.writeVerdict(p)
	if s.captured > 0 {
		p.note("A capture shows packets only: it has no process, and not what an application got.")
	}
	s.writeTiles(p)
	s.writeWarnings(p)
	p.Start(markup.Navigation, markup.ARIALabel.Is("Parts of this page"))
	for _, part := range sections {
		p.Element(markup.Link, part.title, markup.To(part.id))
		p.Text(" ")
	}
	p.End()
	p.End()
}

// source says what the page is about.
func (s *Sink) source() string {
	names := s.options.Sources
	var text string
	switch {
	case len(names) == 0:
		text = "traced live"
	case len(names) <= 3:
		text = strings.Join(names, ", ")
	default:
		text = strings.Join(names[:2], ", ") + " and " + plural(uint64(len(names)-2), "further file")
	}
	if s.options.Filtered {
		text += ", filtered"
	}
	return text
}

// writeTiles writes the numbers at the top: those that are not 0.
func (s *Sink) writeTiles(p *page) {
	p.Start(markup.List, class("tiles"))
	for _, t := range []struct {
		n    uint64
		what string
	}{{s.events - s.pairs.resets, "reset"}, {s.events, "event"}, {s.undelivered, "byte"}, {s.findings.deaths, "process"}} {
		if t.n == 0 {
			continue
		}
		text := plural(t.n, t.what)
		at := strings.LastIndexByte(text, ' ')
		p.Start(markup.Item)
		p.Element(markup.Strong, text[:at])
		p.Text(text[at:] + tileNotes[t.what])
		p.End()
	}
	p.End()
}

var tileNotes = map[string]string{"byte": " written and not acknowledged", "process": " ended by SIGPIPE"}

// writeVerdict is the answer in one sentence.
func (s *Sink) writeVerdict(p *page) {
	var counts [deadly + 1]uint64
	for _, i := range s.findings.ranked() {
		counts[i.weight()]++
	}
	bad := counts[hurts] + counts[deadly]
	var text string
	switch {
	case s.events == 0:
		text = "No reset was seen."
	case bad == 0:
		text = "No application is known to have lost data or got an error."
	case bad == 1:
		text = "1 incident hurt an application."
	default:
		text = plural(bad, "incident") + " hurt applications."
	}
	p.Start(markup.Paragraph, class("verdict"))
	p.Element(markup.Strong, text)
	if n := counts[deadly]; n > 0 {
		p.Text(" In " + strconv.FormatUint(n, 10) + " of them a process died.")
	}
	if n := counts[noLoss]; n > 0 {
		p.Text(" " + plural(n, "finding") + " had no known effect.")
	}
	if n := counts[noHarm]; n == 1 {
		p.Text(" 1 finding is harmless.")
	} else if n > 1 {
		p.Text(" " + plural(n, "finding") + " are harmless.")
	}
	p.End()
}

// writeWarnings says at the top what the page lacks.
func (s *Sink) writeWarnings(p *page) {
	for _, problem := range s.problems {
		p.warn("Not all of the input could be read: " + clip(problem))
	}
	if n := max(s.account.lost, s.account.sum.Lost); n > 0 {
		p.warn("The details of " + plural(n, "event") + " are missing. The totals still count them.")
	}
	if s.account.wrong > 0 {
		p.warn("The kernel's own counters contradict the events. See the audit below.")
	}
}

func (s *Sink) writeFooter(p *page) {
	p.Start(markup.Footer)
	p.Element(markup.Paragraph, strings.TrimSpace("Written by rsttrace "+s.options.Version)+". All times are UTC. This file holds all that it shows and makes no request. It may name programs, command lines and addresses: look before you share it.")
	p.End()
}

func class(names string) markup.Attr { return markup.Class.Is(names) }

func (p *page) warn(text string) { p.Element(markup.Paragraph, text, class("warning")) }

func (p *page) note(text string) { p.Element(markup.Paragraph, text, class("note")) }

// column of a table. Numbers are at the right.
type column struct {
	title  string
	number bool
}

// table begins a table that scrolls by itself where it is too wide. end it with endTable.
func (p *page) table(caption string, columns ...column) {
	p.Start(markup.Div, class("scroll"), markup.TabIndex.Is("0"), markup.Role.Is("region"), markup.ARIALabel.Is(caption))
	p.Start(markup.Table)
	p.Element(markup.Caption, caption)
	p.Start(markup.TableHead)
	p.Start(markup.Row)
	for _, c := range columns {
		if c.number {
			p.Element(markup.HeaderCell, c.title, markup.Scope.Is("col"), class("n"))
			continue
		}
		p.Element(markup.HeaderCell, c.title, markup.Scope.Is("col"))
	}
	p.End()
	p.End()
	p.Start(markup.TableBody)
}

func (p *page) endTable() {
	for range 3 {
		p.End()
	}
}

// head is the first cell of a row.
func (p *page) head(text string) {
	p.Start(markup.Row)
	p.Element(markup.HeaderCell, text, markup.Scope.Is("row"))
}

func (p *page) cell(text string) { p.Element(markup.Cell, text) }

func (p *page) moment(text string) { p.Element(markup.Cell, text, class("t")) }

func (p *page) number(n uint64) { p.Element(markup.Cell, cause.Grouped(n), class("n")) }

// bar is a cell with a number and its share of a whole.
func (p *page) bar(n, whole uint64) {
	p.Start(markup.Cell, class("n bar"))
	p.Text(cause.Grouped(n))
	p.Start(markup.SVG, markup.ARIAHidden.Is("true"))
	p.rect(0, percent(n, whole), 0, 6, "fill")
	p.End()
	p.End()
}

// further says how many rows a table leaves out.
func (p *page) further(rows, shown int, t *tally) {
	if rows > shown {
		p.note("There are " + plural(uint64(rows-shown), "further row") + ".")
	}
	if t.takenOut > 0 {
		p.note("There were more different rows than this table has room for. The rows above may lack some of " + plural(t.takenOut, "event") + ".")
	}
}
