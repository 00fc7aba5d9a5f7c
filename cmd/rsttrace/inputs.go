package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"sync"

	"github.com/rsttrace/rsttrace/internal/pcapng"
	"github.com/rsttrace/rsttrace/internal/source"
	"github.com/rsttrace/rsttrace/internal/source/compressed"
	"github.com/rsttrace/rsttrace/internal/source/packets"
	recording "github.com/rsttrace/rsttrace/internal/source/pcapng"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// inputFormat is what "rsttrace read" understands. A new one is a package below
// internal/source and a row of the table.
type inputFormat struct {
	// recognise looks at the first bytes of a file, decompressed; there may be fewer.
	recognise func(head []byte) bool
	ofOthers  bool // written by another program
	open      func(name string, input io.Reader, o inputOptions) event.Source
}

// inputOptions are what a format may want to know.
type inputOptions struct {
	skipped func(*event.LineError) // gets each line that cannot be read
	note    func(string)           // gets what could not be used of a capture
	local   []netip.Prefix         // of a capture: the addresses of our side
	ids     *uint64                // of the events of all captures: the last one
	// own: captures of other programs are refused.
	own bool
}

// newInputOptions returns those that say on stderr what could not be read.
func newInputOptions(stderr io.Writer) inputOptions {
	said := make(map[string]int) // lines by file
	return inputOptions{ids: new(uint64), skipped: func(skipped *event.LineError) {
		said[skipped.Name]++
		switch n := said[skipped.Name]; {
		case n <= skippedNamed:
			fmt.Fprintf(stderr, "rsttrace: %s\n", oneLine(skipped))
		case n == skippedNamed+1:
			fmt.Fprintf(stderr, "rsttrace: %s: further lines that cannot be read are only counted\n", oneLine(errors.New(skipped.Name)))
		}
	}}
}

// skippedNamed is how many lines of a file are named that cannot be read. A file of something
// else would have millions.
const skippedNamed = 10

// inputFormats are asked in this order. The last one takes what no other does: it
// says of each line why it cannot be read.
var inputFormats = []inputFormat{
	{recognise: pcapng.IsRecording, open: openRecording},
	{recognise: packets.Recognise, open: openCapture, ofOthers: true},
	{recognise: func([]byte) bool { return true }, open: openJSONInput},
}

// openInput returns the source that reads a file.
func openInput(file *inputFile, o inputOptions) (event.Source, error) {
	if len(file.head) == 0 {
		return nil, &source.PartialError{Name: file.name, Err: errors.New("it is empty: nothing was recorded")}
	}
	for _, f := range inputFormats {
		switch {
		case !f.recognise(file.head):
		case f.ofOthers && o.own:
			return nil, fmt.Errorf("%s is a capture of another program; want what rsttrace -w, -o json or a file sink has written (rsttrace read shows captures)", file.name)
		default:
			return f.open(file.name, file.content, o), nil
		}
	}
	return nil, fmt.Errorf("%s: no format that rsttrace reads", file.name)
}

// inputFile is a file, as it is without compression.
type inputFile struct {
	name    string // for messages
	content *bufio.Reader
	head    []byte // how the content begins
	closer  func() error
	file    *os.File // compressed, if it is
}

// close closes it. What was read is read, so an error says nothing.
func (f *inputFile) close() { _ = f.closer() }

// openFile opens a file. "-" is the standard input, which is opened once.
func openFile(path string) (*inputFile, error) {
	if path == "-" {
		return standardInput()
	}
	if err := checkFile(path); err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	opened, err := decompressed(path, file)
	if err != nil {
		file.Close()
	}
	return opened, err
}

// checkFile refuses what cannot be read as a file.
func checkFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no file %s", path)
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a folder: name the files in it, such as %s", path, filepath.Join(path, "*.pcapng"))
	}
	return nil
}

var standardInput = sync.OnceValues(func() (*inputFile, error) { return decompressed("standard input", os.Stdin) })

func decompressed(name string, file *os.File) (*inputFile, error) {
	const size = 64 << 10
	content, err := compressed.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	buffered := bufio.NewReaderSize(content, size)
	head, err := peek(buffered)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &inputFile{name: name, content: buffered, head: head, file: file, closer: func() error { return errors.Join(content.Close(), file.Close()) }}, nil
}

const (
	// magicSize is enough to know a format by. More is looked at only where it is there
	// without waiting: a pipe may give one line, and the next one hours later.
	magicSize = 12
	// headSize is the longest first block of pcapng that is looked at.
	headSize = 4096
)

// peek returns how a file begins. A file that is shorter, or that breaks off there, is
// the source's to judge.
func peek(input *bufio.Reader) ([]byte, error) {
	head, err := input.Peek(magicSize)
	if err != nil && len(head) == 0 && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if first := pcapng.First(head, headSize); first > 0 {
		_, _ = input.Peek(first)
	}
	head, _ = input.Peek(input.Buffered())
	return head, nil
}

func openRecording(name string, input io.Reader, _ inputOptions) event.Source {
	return &recording.Source{Name: name, Input: input}
}

// runOf is the run that a recording is of, by the first bytes of a file. "" is what is no
// recording, or what cannot be read twice.
func runOf(path string) string {
	if path != "-" {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return ""
		}
	}
	file, err := openFile(path)
	if err != nil {
		return ""
	}
	if path != "-" {
		defer file.close()
	}
	run, _ := pcapng.RunOf(pcapng.Section(file.head))
	return run
}

func openJSONInput(name string, input io.Reader, o inputOptions) event.Source {
	return &event.Reader{Name: name, Input: input, Skipped: o.skipped}
}

func openCapture(name string, input io.Reader, o inputOptions) event.Source {
	return &packets.Source{Name: name, Input: input, Local: o.local, Note: o.note, IDs: o.ids}
}
