package jsonl

import (
	"context"
	"fmt"
	"io"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Source reads one file or pipe, as event.Reader does.
type Source struct {
	// Name is what messages call the input.
	Name string
	// Input has the lines. It may be compressed.
	Input io.Reader
	// Skipped is called with each line that cannot be read. nil: they are only
	// counted.
	Skipped func(*event.LineError)
}

// Run reads all lines.
func (s *Source) Run(ctx context.Context, to event.Sink) error {
	input, err := decompress(s.Input)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	defer input.Close()
	lines := event.Reader{Name: s.Name, Input: input, Skipped: s.Skipped}
	return lines.Run(ctx, to)
}
