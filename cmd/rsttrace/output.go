package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/sink/jsonl"
	"github.com/rsttrace/rsttrace/internal/sink/text"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// outputFlags are -o and what goes with it.
type outputFlags struct {
	format   string
	evidence bool
}

var formats = []string{"text", "json"}

func (o *outputFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.format, "output", "o", "text", "format: text, or json (one object per line, see docs/event-schema.md)")
	cmd.Flags().BoolVar(&o.evidence, "evidence", false, "show the kernel facts that decided each cause; as text also the connection, the packet that was answered, and what each call of the application gets")
	complete(cmd, "output", formats...)
}

func (o *outputFlags) check() error {
	if !slices.Contains(formats, o.format) {
		return usageError{fmt.Errorf("--output %q: no such format; there are %s", o.format, strings.Join(formats, ", "))}
	}
	return nil
}

// open returns the sink for w.
func (o *outputFlags) open(w io.Writer) event.Sink {
	if o.format == "json" {
		return jsonl.New(w, jsonl.Options{Evidence: o.evidence})
	}
	options := text.Options{}
	terminal := fileOf(w)
	if terminal != nil {
		options = text.Detect(terminal)
	}
	options.Evidence = o.evidence
	sink := text.New(w, options)
	if options.Width == 0 {
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
