package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// outputMem is where a tracer's output goes: a piece of memory that is written over
// and over, so that it costs as little as /dev/null, nearly, and the end of the
// output can still be read. The file offset is shared with the process, which
// therefore writes at the start again whenever it is set back.
type outputMem struct {
	file    *os.File
	stop    chan struct{}
	ended   chan struct{}
	keepAll bool // the offset is no longer set back
}

func newOutputMem() (*outputMem, error) {
	fd, err := unix.MemfdCreate("output", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memory for the output: %w", err)
	}
	return &outputMem{file: os.NewFile(uintptr(fd), "output"), stop: make(chan struct{}), ended: make(chan struct{})}, nil
}

// begin sets the offset back from time to time.
func (t *outputMem) begin() {
	go func() {
		defer close(t.ended)
		const (
			interval = 5 * time.Millisecond
			enough   = 1 << 20
		)
		for {
			select {
			case <-t.stop:
				return
			case <-time.After(interval):
			}
			if at, err := t.file.Seek(0, io.SeekCurrent); err == nil && at > enough {
				_, _ = t.file.Seek(0, io.SeekStart)
			}
		}
	}()
}

func (t *outputMem) end() {
	if !t.keepAll {
		t.keepAll = true
		close(t.stop)
		<-t.ended
	}
}

func (t *outputMem) close() {
	if !t.keepAll {
		t.keepAll = true
		close(t.stop)
	}
	t.file.Close()
}

// lastLine is the last whole line of the output.
func (t *outputMem) lastLine() ([]byte, error) {
	defer t.close()
	at, err := t.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	const most = 64 << 10 // a line of totals is far shorter
	text := make([]byte, min(at, most))
	if _, err := t.file.ReadAt(text, at-int64(len(text))); err != nil {
		return nil, fmt.Errorf("the end of the output: %w", err)
	}
	text = bytes.TrimSuffix(text, []byte("\n"))
	if len(text) == 0 {
		return nil, errors.New("there is no output")
	}
	return text[bytes.LastIndexByte(text, '\n')+1:], nil
}
