package event

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// lineMax bounds the memory for one line. An event takes a few kilobytes; with
// many notes and rows, totals take more.
const lineMax = 16 << 20

// bufferSize is that of a reader.
const bufferSize = 256 << 10

// Reader is a Source of what "rsttrace -o json" has written: a file or a pipe. A
// line that cannot be read is passed over. It may have been cut off, come from
// another program, or have been written by a newer rsttrace.
type Reader struct {
	// Name is what errors call the input.
	Name string
	// Input has the lines.
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

// Run reads all lines, in the goroutine of its caller. At the end it returns a
// *SkippedError if there were lines that it passed over. A context that ends does
// not interrupt a read that waits: close the input for that.
func (r *Reader) Run(ctx context.Context, sink Sink) error {
	r.skipped = 0
	to := &itemClock{Sink: sink}
	err := r.lines(ctx, bufio.NewReaderSize(r.Input, bufferSize), to)
	if err != nil && !errors.Is(err, ErrEnough) {
		return err
	}
	if err := to.Flush(to.now); err != nil {
		return err
	}
	if r.skipped > 0 {
		return &SkippedError{r.Name, r.skipped}
	}
	return nil
}

func (r *Reader) lines(ctx context.Context, input *bufio.Reader, to *itemClock) error {
	var line []byte
	for number := 1; ctx.Err() == nil; number++ {
		if input.Buffered() == 0 { // the next read may wait, for a pipe for long
			if err := to.Flush(to.now); err != nil {
				return err
			}
		}
		var err error
		line, err = readLine(input, line[:0])
		ended := errors.Is(err, io.EOF)
		switch {
		case errors.Is(err, errLong):
			r.skip(number, err)
			continue
		case err != nil && !ended:
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("%s: after line %d: %w", r.Name, number-1, err)
		}
		if text := bytes.TrimSpace(line); len(text) > 0 {
			if err := r.decode(number, text, ended, to); err != nil {
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
func (r *Reader) decode(number int, line []byte, last bool, to *itemClock) error {
	err := Decode(line, to)
	var failed *SinkError
	switch {
	case err == nil, errors.Is(err, ErrKind):
		return nil
	case errors.As(err, &failed):
		return failed.Err
	case last:
		err = fmt.Errorf("the last line is cut off: %w", err)
	}
	r.skip(number, err)
	return nil
}

func (r *Reader) skip(number int, err error) {
	r.skipped++
	if r.Skipped != nil {
		r.Skipped(&LineError{r.Name, number, err})
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
