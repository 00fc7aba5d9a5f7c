package file

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/fileset"
	"github.com/rsttrace/rsttrace/internal/sink"
	"github.com/rsttrace/rsttrace/internal/sink/jsonl"
)

// Options say which file, and how large it becomes.
type Options struct {
	Path string
	// Size is how many bytes the file has at most, 0: no limit. A full file gets a number:
	// resets.json becomes resets-000001.json.
	Size int64
	// Keep is how many files with numbers stay, 0: all.
	Keep int
	JSON jsonl.Options
}

const (
	mode    = 0o640        // its group may read it: that of a log shipper
	flushAt = 64 << 10     // bytes after which a line is written without a Flush
	opening = `{"schema":` // of every line
)

// Sink writes the file. Reopen may be called from another goroutine.
type Sink struct {
	*jsonl.Sink
	options Options

	mu      sync.Mutex
	set     *fileset.Set
	file    *os.File // nil: it could not be opened after the last one was full
	torn    bool     // the file does not end with a line break
	pending []byte   // whole lines
}

// New opens the file, or creates it.
func New(o Options) (*Sink, error) {
	s := &Sink{options: o}
	s.Sink = jsonl.NewEach(s.take, o.JSON)
	if err := s.open(); err != nil {
		return nil, err
	}
	if err := s.checkFolder(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// checkFolder finds now what would stop the log when the file is full.
func (s *Sink) checkFolder() error {
	if s.options.Size == 0 {
		return nil
	}
	folder := filepath.Dir(s.options.Path)
	if err := unix.Faccessat(unix.AT_FDCWD, folder, unix.W_OK|unix.X_OK, unix.AT_EACCESS); err != nil {
		return fmt.Errorf("%s: %w: this user must be able to write there, to give a full file a number", folder, err)
	}
	return nil
}

// open takes the place of an open file only if it works.
func (s *Sink) open() error {
	set, err := fileset.Open(s.options.Path)
	if err != nil {
		return fmt.Errorf("%s: %w", s.options.Path, err)
	}
	file, torn, err := openFile(set)
	if err != nil {
		_ = set.Close()
		return fmt.Errorf("%s: %w", s.options.Path, fileset.Reason(err))
	}
	s.close()
	s.set, s.file, s.torn = set, file, torn
	return nil
}

func (s *Sink) close() {
	if s.file != nil {
		_ = s.file.Close() // every line was written, or is still pending
	}
	if s.set != nil {
		_ = s.set.Close()
	}
	s.file, s.set = nil, nil
}

// openFile reports whether the last line of an older file was cut off.
func openFile(set *fileset.Set) (file *os.File, torn bool, err error) {
	name := set.Base()
	file, err = set.Folder.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND, mode)
	if err == nil { // whatever the umask is
		return file, false, file.Chmod(mode)
	}
	if info, err := set.Folder.Stat(name); err == nil && !info.Mode().IsRegular() {
		return nil, false, fmt.Errorf("this is no regular file: name another one")
	}
	if file, err = set.Folder.OpenFile(name, os.O_RDWR|os.O_APPEND, 0); err != nil {
		return nil, false, err
	}
	info, err := file.Stat()
	if err == nil && info.Size() > 0 {
		last := make([]byte, 1)
		_, err = file.ReadAt(last, info.Size()-1)
		torn = last[0] != '\n'
	}
	if err != nil {
		_ = file.Close()
		return nil, false, err
	}
	return file, torn, nil
}

// Name is the path of the file.
func (s *Sink) Name() string { return s.options.Path }

// take keeps a line until there are enough of them.
func (s *Sink) take(line []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) >= flushAt {
		if err := s.write(); err != nil {
			return err
		}
	}
	s.pending = append(s.pending, line...)
	return nil
}

// Flush writes what is kept.
func (s *Sink) Flush(time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write()
}

// Reopen opens the file by its name again, and creates it if it is not there. If that does
// not work, the sink goes on with the old file.
func (s *Sink) Reopen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.write() // into the old file, as far as that works
	return s.open()
}

// Close writes what is kept, and closes the file.
func (s *Sink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.write()
	s.close()
	return err
}

// write writes all lines, or as many as there is room for.
func (s *Sink) write() error {
	for len(s.pending) > 0 {
		if err := s.writeSome(); err != nil {
			return &sink.RetryError{Err: fmt.Errorf("%s: %w", s.options.Path, fileset.Reason(err))}
		}
	}
	return nil
}

// writeSome writes what fits into the file, or begins the next one.
func (s *Sink) writeSome() error {
	if s.file == nil {
		if err := s.open(); err != nil {
			return err
		}
	}
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		s.torn = false
	}
	lines := s.fitting(info.Size())
	if len(lines) == 0 {
		return s.next()
	}
	if err := s.append(lines, info.Size()); err != nil {
		return err
	}
	s.pending = s.pending[:copy(s.pending, s.pending[len(lines):])]
	return nil
}

// fitting are the lines that a file of some size has room for. An empty one takes any line.
func (s *Sink) fitting(size int64) []byte {
	room := s.options.Size - size
	if s.torn {
		room--
	}
	if s.options.Size == 0 || int64(len(s.pending)) <= room {
		return s.pending
	}
	if end := bytes.LastIndexByte(s.pending[:max(room, 0)], '\n'); end >= 0 {
		return s.pending[:end+1]
	}
	if size == 0 {
		return s.pending[:bytes.IndexByte(s.pending, '\n')+1]
	}
	return nil
}

// append writes lines at the end of the file: all, or none.
func (s *Sink) append(lines []byte, size int64) error {
	if s.torn { // the line that was cut off stays alone
		if _, err := s.file.Write([]byte{'\n'}); err != nil {
			return err
		}
		s.torn = false
		size++
	}
	n, err := s.file.Write(lines)
	if err != nil && n > 0 && s.file.Truncate(size) != nil {
		s.torn = true
	}
	return err
}

// next gives the full file a number and begins a new one.
func (s *Sink) next() error {
	last, err := s.set.Last()
	if err != nil {
		return err
	}
	if err := s.set.Folder.Rename(s.set.Base(), s.set.Named(last+1)); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := s.open(); err != nil {
		return err
	}
	if s.options.Keep == 0 {
		return nil
	}
	return s.set.RemoveOldest(s.options.Keep, s.isOurs)
}

// isOurs reports whether a file begins as one of this sink does.
func (s *Sink) isOurs(name string) bool {
	info, err := s.set.Folder.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	file, err := s.set.Folder.Open(name)
	if err != nil {
		return false
	}
	defer file.Close()
	head, err := io.ReadAll(io.LimitReader(file, int64(len(opening))))
	return err == nil && strings.HasPrefix(string(head), opening)
}
