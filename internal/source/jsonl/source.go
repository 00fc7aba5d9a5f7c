package jsonl

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// lineMax bounds the memory for one line. An event takes a few kilobytes; with
// many notes and rows, totals take more.
const lineMax = 16 << 20

// Source reads one file or pipe.
type Source struct {
	// Name is what messages call the input.
	Name string
	// Input has the lines. It may be compressed.
	Input io.Reader
	// Skipped is called with each line that cannot be read. nil: they are only
	// counted.
	Skipped func(*LineError)

	skipped int
}

// LineError is a line that was passed over.
type LineError struct {
	Name string
	Line int // from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.Name, e.Line, e.Err) }

// Unwrap returns what is wrong with the line.
func (e *LineError) Unwrap() error { return e.Err }

// SkippedError says that lines of an input were passed over. All others have
// reached the sink.
type SkippedError struct {
	Name  string
	Lines int
}

func (e *SkippedError) Error() string {
	if e.Lines == 1 {
		return e.Name + ": 1 line was skipped"
	}
	return fmt.Sprintf("%s: %d lines were skipped", e.Name, e.Lines)
}

// Run reads all lines. At the end it returns a *SkippedError if there were lines
// that it passed over.
func (s *Source) Run(ctx context.Context, to event.Sink) error {
	input, err := decompress(s.Input)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	defer input.Close()
	err = s.lines(ctx, bufio.NewReaderSize(input, 256<<10), to)
	if err != nil && !errors.Is(err, event.ErrEnough) {
		return err
	}
	if err := to.Flush(); err != nil {
		return err
	}
	if s.skipped > 0 {
		return &SkippedError{s.Name, s.skipped}
	}
	return nil
}

func (s *Source) lines(ctx context.Context, r *bufio.Reader, to event.Sink) error {
	var line []byte
	for number := 1; ctx.Err() == nil; number++ {
		if r.Buffered() == 0 { // the next read may wait, for a pipe for long
			if err := to.Flush(); err != nil {
				return err
			}
		}
		var err error
		line, err = readLine(r, line[:0])
		ended := errors.Is(err, io.EOF)
		switch {
		case errors.Is(err, errLong):
			s.skip(number, err)
			continue
		case err != nil && !ended:
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("%s: after line %d: %w", s.Name, number-1, err)
		}
		if text := bytes.TrimSpace(line); len(text) > 0 {
			if err := s.decode(number, text, ended, to); err != nil {
				return err
			}
		}
		if ended {
			return nil
		}
	}
	return nil
}

// decode gives a line to the sink, or passes over it.
func (s *Source) decode(number int, line []byte, last bool, to event.Sink) error {
	err := event.Decode(line, to)
	var failed *event.SinkError
	switch {
	case err == nil, errors.Is(err, event.ErrKind):
		return nil
	case errors.As(err, &failed):
		return failed.Err
	case last:
		err = fmt.Errorf("the last line is cut off: %w", err)
	}
	s.skip(number, err)
	return nil
}

func (s *Source) skip(number int, err error) {
	s.skipped++
	if s.Skipped != nil {
		s.Skipped(&LineError{s.Name, number, err})
	}
}

var errLong = fmt.Errorf("longer than %d MB", lineMax>>20)

// readLine appends a line to a buffer. With io.EOF the line is the last one. A line
// that is too long is read to its end and not kept.
func readLine(r *bufio.Reader, line []byte) ([]byte, error) {
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(line)+len(part) > lineMax; !long {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if long && (err == nil || errors.Is(err, io.EOF)) {
			return line[:0], errLong
		}
		return line, err
	}
}
