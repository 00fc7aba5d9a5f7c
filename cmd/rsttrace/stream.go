package main

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
)

// stream is stdout or stderr. A write that blocks for ever is left behind when
// the run ends, and a failed write is remembered, also where the caller does not
// look: see failure. Several goroutines may write at once.
type stream struct {
	out    io.Writer
	ending *ending
	failed atomic.Pointer[error]
	onFail func(error) // nil: nobody needs to know
	turn   chan struct{}
	todo   chan []byte
	done   chan written
	held   []byte // a copy of what is being written
}

type written struct {
	bytes int
	err   error
}

var errUnread = errors.New("nobody reads the output: what was not written yet is lost")

func newStream(out io.Writer, e *ending, onFail func(error)) *stream {
	s := &stream{
		out: out, ending: e, onFail: onFail,
		turn: make(chan struct{}, 1), todo: make(chan []byte), done: make(chan written, 1),
	}
	s.turn <- struct{}{}
	go s.work()
	return s
}

// work writes, and ends with the process.
func (s *stream) work() {
	for lines := range s.todo {
		n, err := s.out.Write(lines)
		s.done <- written{n, err}
	}
}

func (s *stream) Write(lines []byte) (int, error) {
	if err := s.failure(); err != nil {
		return 0, err
	}
	if _, ok := await(s.ending, s.turn); !ok {
		return 0, s.fail(errUnread)
	}
	s.held = append(s.held[:0], lines...)
	s.todo <- s.held
	result, ok := await(s.ending, s.done)
	if !ok {
		return 0, s.fail(errUnread) // and nobody has a turn any more
	}
	s.turn <- struct{}{}
	if result.err != nil {
		return result.bytes, s.fail(result.err)
	}
	return result.bytes, nil
}

func (s *stream) fail(err error) error {
	if s.failed.CompareAndSwap(nil, &err) && s.onFail != nil {
		s.onFail(err)
	}
	return err
}

// failure is the first error of a write, nil if there was none.
func (s *stream) failure() error {
	if err := s.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// fileOf is the file behind an output, nil if it is none.
func fileOf(out io.Writer) *os.File {
	if s, ok := out.(*stream); ok {
		out = s.out
	}
	file, _ := out.(*os.File)
	return file
}
