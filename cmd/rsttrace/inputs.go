package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/rsttrace/rsttrace/internal/source/jsonl"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// inputFormat is what "rsttrace read" understands. A new one is a package below
// internal/source and a row of the table.
type inputFormat struct {
	// recognise looks at the first bytes of a file; there may be fewer.
	recognise func(head []byte) bool
	open      func(name string, input io.Reader, skipped func(*event.LineError)) event.Source
}

// inputFormats are asked in this order. The last one takes what no other does: it
// says of each line why it cannot be read.
var inputFormats = []inputFormat{
	{recognise: func([]byte) bool { return true }, open: openJSONInput},
}

// headSize is enough for every magic number.
const headSize = 16

// openInput returns the source that reads a file.
func openInput(name string, input io.Reader, skipped func(*event.LineError)) (event.Source, error) {
	buffered := bufio.NewReader(input)
	head, err := buffered.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, f := range inputFormats {
		if f.recognise(head) {
			return f.open(name, buffered, skipped), nil
		}
	}
	return nil, fmt.Errorf("%s: no format that rsttrace reads", name)
}

func openJSONInput(name string, input io.Reader, skipped func(*event.LineError)) event.Source {
	return &jsonl.Source{Name: name, Input: input, Skipped: skipped}
}
