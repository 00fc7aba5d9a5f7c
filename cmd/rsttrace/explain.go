package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/internal/sink/text"
	"github.com/rsttrace/rsttrace/internal/wordwrap"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

func newExplain() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [CAUSE|PATTERN|ERROR]",
		Short: "Explain a cause, a pattern or an error: what happened, and how to fix it",
		Long: `explain shows all about one cause: what happened, in which kernel function, how it
looks on the wire, what both applications see, how to fix it, and how to provoke it.
A pattern is the diagnosis of an incident of many resets. An error is what an
application logs, such as ECONNRESET: its page lists the causes that lead to it.
Without an argument it lists all causes, patterns and errors. The argument filter
lists the fields of filters.`,
		Example: `  rsttrace explain
  rsttrace explain unread-data-on-close
  rsttrace explain keep-alive-race
  rsttrace explain ECONNRESET
  rsttrace explain 'broken pipe'
  rsttrace explain filter`,
		Args: arguments(atMostOneName),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			names := slices.Concat(causesToComplete(), patternsToComplete(), errorsToComplete())
			return append(names, cobra.CompletionWithDesc("filter", "the fields of filters")), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			p := newSheet(cmd.OutOrStdout())
			if len(args) == 0 {
				p.list()
				return p.flush()
			}
			name := strings.ToLower(args[0])
			if name == "filter" || name == "filters" {
				return printFields(cmd.OutOrStdout())
			}
			if known := findError(name); known != nil {
				p.appError(known)
				return p.flush()
			}
			if cause, pattern := knownAs(name); pattern != nil {
				if cause != nil {
					p.entry(*cause)
					p.buf.WriteByte('\n')
				}
				p.pattern(*pattern)
				return p.flush()
			}
			entry, err := findCause(name)
			if err != nil {
				return err
			}
			p.entry(entry)
			return p.flush()
		},
	}
}

// causesToComplete are the causes with their titles, as shells show them.
func causesToComplete() []string {
	var values []string
	for entry := range cause.All() {
		values = append(values, cobra.CompletionWithDesc(string(entry.ID), entry.Title))
	}
	return values
}

// knownAs finds a pattern, and a cause of the same name.
func knownAs(name string) (*cause.Entry, *finding.Pattern) {
	pattern, found := finding.Lookup(event.PatternID(name))
	if !found {
		return nil, nil
	}
	if entry, also := cause.Lookup(event.CauseID(name)); also {
		return &entry, &pattern
	}
	return nil, &pattern
}

func findCause(name string) (cause.Entry, error) {
	if entry, ok := cause.Lookup(event.CauseID(name)); ok {
		return entry, nil
	}
	hint := "rsttrace explain lists them all"
	if near, ok := cause.Suggest(name); ok {
		hint = fmt.Sprintf("did you mean %s?", near)
	} else if near, ok := finding.Suggest(name); ok {
		hint = fmt.Sprintf("did you mean %s?", near)
	} else if near, ok := suggestError(name); ok {
		hint = fmt.Sprintf("did you mean %s?", near)
	}
	return cause.Entry{}, usageError{fmt.Errorf("no cause, pattern or error is called %q; %s", name, hint)}
}

// directions are the groups of the list. The last one holds what occurs in
// every direction.
var directions = []struct {
	dir   event.Dir
	title string
}{
	{event.Sent, "Sent: this machine put a RST on the wire"},
	{event.Received, "Received: an incoming RST ended or refused a connection"},
	{event.Ignored, "Ignored: an incoming RST was seen and not obeyed"},
	{event.Observed, "Observed: a capture shows the RST, and leaves more than one cause"},
	{"", "Any direction"},
}

const (
	sheetWidth    = 80  // where there is no terminal to ask
	sheetWidthMax = 100 // longer lines are hard to read
	sheetWidthMin = 40
	sheetIndent   = 2
)

// sheet is an explanation for people.
type sheet struct {
	out       io.Writer
	buf       strings.Builder
	width     int
	bold, end string
}

func newSheet(out io.Writer) *sheet {
	p := &sheet{out: out, width: sheetWidth}
	if file := fileOf(out); file != nil {
		options := text.Detect(file)
		if options.Width > 0 {
			p.width = min(max(options.Width, sheetWidthMin), sheetWidthMax)
		}
		if options.Color {
			p.bold, p.end = "\x1b[1m", "\x1b[0m"
		}
	}
	return p
}

func (p *sheet) flush() error {
	_, err := io.WriteString(p.out, p.buf.String())
	return err
}

func (p *sheet) list() {
	column := 0
	for entry := range cause.All() {
		column = max(column, len(entry.ID))
	}
	for _, group := range directions {
		p.heading(group.title)
		for _, id := range cause.IDs(group.dir) {
			entry, _ := cause.Lookup(id)
			p.wrap(fmt.Sprintf("%-*s", column, id), sheetIndent+column+sheetIndent, entry.Title)
		}
		p.buf.WriteByte('\n')
	}
	p.patterns()
	p.errorsList()
	p.wrap("", 0, "`rsttrace explain NAME` shows all about one of them.")
}

func (p *sheet) entry(e cause.Entry) {
	id := string(e.ID)
	if e.Dir != "" {
		id += " (" + string(e.Dir) + ")"
	}
	p.heading(id)
	p.wrap("", sheetIndent, e.Title)
	for _, section := range []struct{ title, text string }{
		{"What happened", e.Meaning},
		{"In the kernel", e.KernelPath},
		{"On the wire", e.OnTheWire},
		{"The application here", e.AppHere},
		{"The application at the other end", e.AppPeer},
		{"What to do", e.Remedy + "."},
	} {
		p.buf.WriteByte('\n')
		p.heading(section.title)
		p.wrap("", sheetIndent, section.text)
	}
	for _, fix := range e.Fix {
		p.wrap("-", 2*sheetIndent, fix)
	}
	p.commands("Reproduce it", playable(e.Reproduce))
	p.buf.WriteByte('\n')
	p.heading("Sources")
	for _, source := range e.Sources {
		p.wrap("-", 2*sheetIndent, source)
	}
}

// commands writes lines to copy: they are never broken.
func (p *sheet) commands(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	p.buf.WriteByte('\n')
	p.heading(title)
	for _, line := range lines {
		fmt.Fprintf(&p.buf, "%*s%s\n", sheetIndent, "", line)
	}
}

// playable leaves out commands for scenarios that the lab does not have yet.
func playable(commands []string) []string {
	return slices.DeleteFunc(slices.Clone(commands), func(command string) bool {
		names, isLab := strings.CutPrefix(command, "sudo rsttrace lab ")
		return isLab && slices.ContainsFunc(strings.Fields(names), func(name string) bool {
			_, exists := lab.Find(name)
			return !exists
		})
	})
}

func (p *sheet) heading(title string) {
	p.buf.WriteString(p.bold + title + p.end + "\n")
}

// wrap writes text as a paragraph that starts in column indent, with mark
// before its first line.
func (p *sheet) wrap(mark string, indent int, text string) {
	line := strings.Repeat(" ", indent)
	if mark != "" {
		line = fmt.Sprintf("%-*s", indent, strings.Repeat(" ", sheetIndent)+mark)
	}
	column, empty := indent, true
	p.buf.WriteString(line)
	for piece := range wordwrap.Pieces(text) {
		cells := len([]rune(piece))
		switch {
		case empty:
		case column+1+cells <= p.width:
			p.buf.WriteByte(' ')
			column++
		default:
			p.buf.WriteByte('\n')
			p.buf.WriteString(strings.Repeat(" ", indent))
			column = indent
		}
		p.buf.WriteString(piece)
		column += cells
		empty = false
	}
	p.buf.WriteByte('\n')
}
