package sink

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// throttled accepts so many bytes per write, then fails.
type throttled struct {
	bytes.Buffer
	accept int
	writes int
}

var errFull = errors.New("no space left on device")

func (w *throttled) Write(p []byte) (int, error) {
	w.writes++
	if w.accept >= 0 && len(p) > w.accept {
		n, _ := w.Buffer.Write(p[:w.accept])
		return n, errFull
	}
	return w.Buffer.Write(p)
}

func TestBufferWritesWholeLines(t *testing.T) {
	w := &throttled{accept: -1}
	b := NewBuffer(w)
	line := strings.Repeat("x", 999) + "\n"
	for range 200 {
		before := w.Len()
		if err := b.Commit(append(b.Open(), line...)); err != nil {
			t.Fatal(err)
		}
		if w.Len() != before && !strings.HasSuffix(w.String(), "\n") {
			t.Fatal("a line was split over two writes")
		}
	}
	if w.writes != 200*1000/flushAt {
		t.Errorf("%d writes for 200 KB", w.writes)
	}
	if err := b.Flush(); err != nil || w.Len() != 200*1000 {
		t.Errorf("%d bytes after Flush, error %v", w.Len(), err)
	}
}

func TestBufferResumesAfterError(t *testing.T) {
	w := &throttled{accept: 3}
	b := NewBuffer(w)
	if err := b.Commit(append(b.Open(), "one\ntwo\n"...)); err != nil {
		t.Fatal(err)
	}
	if err := b.Flush(); !errors.Is(err, errFull) {
		t.Fatalf("got %v, want the error of the writer", err)
	}
	w.accept = -1
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := w.String(); got != "one\ntwo\n" {
		t.Errorf("wrote %q", got)
	}
}

// While nothing can be written, memory stays bounded and what is kept is whole
// lines.
func TestBufferBoundsWhatItHolds(t *testing.T) {
	w := &throttled{accept: 0}
	b := NewBuffer(w)
	line := strings.Repeat("x", 999) + "\n"
	dropped := 0
	for range 2 * holdAtMax / len(line) {
		if err := b.Commit(append(b.Open(), line...)); err != nil && strings.Contains(err.Error(), "dropped") {
			dropped++
		}
	}
	if len(b.pending) > holdAtMax || dropped == 0 {
		t.Fatalf("%d bytes held, %d lines dropped", len(b.pending), dropped)
	}
	w.accept = -1
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	if w.Len()%len(line) != 0 {
		t.Errorf("%d bytes written: a line is torn", w.Len())
	}
}
