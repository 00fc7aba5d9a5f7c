package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/sink/jsonl"
	"github.com/rsttrace/rsttrace/internal/sink/text"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// outputFlags are -o and what goes with it.
type outputFlags struct {
	format     string
	evidence   bool
	each       bool
	folded     bool
	unfiltered bool // nobody asked for a filter
}

// format is an output format. A new one is a package below internal/sink and a row
// here: help, completion and errors come from the table.
type format struct {
	name, help string
	forPeople  bool // a command may write sentences between the events
	open       func(o *outputFlags, w io.Writer) event.Sink
}

// formats has the default first.
var formats = []format{
	{name: "text", forPeople: true, open: openText},
	{name: "json", help: "one object per line, see docs/event-schema.md", open: openJSON},
}

func (o *outputFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.format, "output", "o", formats[0].name, "format: "+formatHelp())
	cmd.Flags().BoolVar(&o.evidence, "evidence", false, "show the kernel facts that decided each cause; as text also the connection, the packet that was answered, and what each call of the application gets")
	cmd.Flags().BoolVar(&o.each, "each", false, "show every event; without it, text folds the resets of one incident into one finding")
	complete(cmd, "output", formatNames()...)
}

func (o *outputFlags) check() error {
	if o.chosen() == nil {
		return usageError{fmt.Errorf("--output %q: no such format; there are %s", o.format, strings.Join(formatNames(), ", "))}
	}
	return nil
}

// chosen is the row of the table, nil if there is none.
func (o *outputFlags) chosen() *format {
	at := slices.IndexFunc(formats, func(f format) bool { return f.name == o.format })
	if at < 0 {
		return nil
	}
	return &formats[at]
}

func formatNames() (names []string) {
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// formatHelp lists the formats in a sentence of the help.
func formatHelp() string {
	var parts []string
	for _, f := range formats {
		if f.help != "" {
			f.name += " (" + f.help + ")"
		}
		parts = append(parts, f.name)
	}
	return strings.Join(parts, ", ")
}

// openFolded returns the sink for w and those beside it, behind the stage that makes
// findings.
func (o *outputFlags) openFolded(w io.Writer, beside ...event.Sink) event.Sink {
	return finding.New(o.openBeside(w, beside...))
}

// openBeside returns the sink for w and those beside it. Findings come from elsewhere.
func (o *outputFlags) openBeside(w io.Writer, beside ...event.Sink) event.Sink {
	o.folded = !o.each && !o.evidence
	return event.Tee(append([]event.Sink{o.open(w)}, beside...)...)
}

// open returns the sink for w.
func (o *outputFlags) open(w io.Writer) event.Sink { return o.chosen().open(o, w) }

func openJSON(o *outputFlags, w io.Writer) event.Sink {
	return jsonl.New(w, jsonl.Options{Evidence: o.evidence})
}

// pipeColumns is how wide findings are in a file or a pipe. Events are one line each
// there, for grep.
const pipeColumns = 120

// openText follows the terminal, if w is one.
func openText(o *outputFlags, w io.Writer) event.Sink {
	options := text.Options{}
	terminal := fileOf(w)
	if terminal != nil {
		options = text.Detect(terminal)
	}
	options.Evidence, options.Fold, options.Unfiltered, options.Today = o.evidence, o.folded, o.unfiltered, time.Now()
	fixed := options.Width == 0
	if fixed && o.folded {
		options.Width = pipeColumns
	}
	sink := text.New(w, options)
	if fixed {
		return sink
	}
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, unix.SIGWINCH)
	return &resizing{Sink: sink, terminal: terminal, resized: resized}
}

// resizing follows the size of a terminal.
type resizing struct {
	*text.Sink
	terminal *os.File
	resized  <-chan os.Signal
}

func (r *resizing) Event(e *event.Event) error {
	select {
	case <-r.resized:
		if width, height, ok := text.Size(r.terminal); ok {
			r.Resize(width, height)
		}
	default:
	}
	return r.Sink.Event(e)
}
