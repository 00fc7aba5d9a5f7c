package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestProgress: the line says how far it is, and goes away before an event is written.
func TestProgress(t *testing.T) {
	var screen bytes.Buffer
	written := ""
	p := newProgress(calledSink{call: func() { written = screen.String() }}, &screen)
	p.show("a\x1bb.pcap", 50<<20, 100<<20)
	if text := screen.String(); !strings.Contains(text, "50 % of 100 MB") || !strings.Contains(text, "a?b.pcap [===============  ") {
		t.Errorf("%q", text)
	}
	if err := p.Event(&event.Event{}); err != nil || !strings.HasSuffix(written, "\r\x1b[K") {
		t.Errorf("%q, error %v", written, err)
	}
	screen.Reset()
	p.stop()
	if screen.Len() > 0 {
		t.Errorf("a line that is not there was taken away: %q", screen.String())
	}
}

// TestNoProgress: in a pipe nobody looks, and a small file is read at once.
func TestNoProgress(t *testing.T) {
	file, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if p := startProgress(file, "name", event.NopSink{}, &bytes.Buffer{}); p != nil {
		t.Error("there is no terminal")
	}
	(*progress)(nil).stop()
}

// calledSink is called for an event.
type calledSink struct {
	event.NopSink
	call func()
}

func (c calledSink) Event(*event.Event) error {
	c.call()
	return nil
}
