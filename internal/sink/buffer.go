package sink

import (
	"fmt"
	"io"
)

const (
	flushAt   = 64 << 10 // bytes after which Commit writes by itself: one write per some 80 lines
	holdAtMax = 1 << 20  // bytes kept while writing fails
)

// Buffer collects whole lines and writes them in one go. Unlike bufio.Writer it
// hands out its spare room, so that encoders append without a copy; it never
// splits a line over two writes (two programs may append to one file); and
// after an error it keeps what is not written, so that a full disk that is
// emptied again leaves no torn line.
type Buffer struct {
	w       io.Writer
	pending []byte
}

// NewBuffer returns a Buffer in front of w.
func NewBuffer(w io.Writer) *Buffer {
	return &Buffer{w: w, pending: make([]byte, 0, flushAt+flushAt/4)}
}

// Open returns the slice to append lines to. Pass the result to Commit; to give
// up half-way, just do not.
func (b *Buffer) Open() []byte { return b.pending }

// Commit takes what was appended to the slice from Open, and writes if enough
// has come together. If writing fails and too much is pending already, the new
// lines are dropped: the error then says so.
func (b *Buffer) Commit(lines []byte) error {
	before := len(b.pending)
	b.pending = lines
	if len(b.pending) < flushAt {
		return nil
	}
	err := b.Flush()
	if err != nil && len(b.pending) > holdAtMax {
		// Flush may have written a part; what it left ends with the new lines.
		added := len(lines) - before
		b.pending = b.pending[:max(0, len(b.pending)-added)]
		return fmt.Errorf("output dropped: %w", err)
	}
	return err
}

// Flush writes what is pending.
func (b *Buffer) Flush() error {
	if len(b.pending) == 0 {
		return nil
	}
	n, err := b.w.Write(b.pending)
	if err == nil && n < len(b.pending) {
		err = io.ErrShortWrite
	}
	b.pending = b.pending[:copy(b.pending, b.pending[max(n, 0):])]
	return err
}
