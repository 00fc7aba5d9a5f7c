package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/rsttrace/rsttrace/internal/fileset"
	sink "github.com/rsttrace/rsttrace/internal/sink/report"
)

// pageFile is where a page goes. It is opened before anything is attached or read, so
// that a mistake shows at once. The page is written beside its place and takes it in one
// step: nobody reads half of it, and an older page stays until then.
type pageFile struct {
	path string
	file *os.File  // nil: standard output
	temp string    // where the page is before it takes its place; "" once it did, and in place
	out  io.Writer // of the standard output
	// inPlace: the folder is closed to rsttrace once its privileges are given up, so the
	// file at the path itself was opened, and is filled at the end.
	inPlace bool
}

// preparePage opens the file. live: privileges are given up before it is written.
func preparePage(path string, stdout io.Writer, live bool) (*pageFile, error) {
	if path == "-" {
		return &pageFile{out: stdout}, nil
	}
	p := &pageFile{path: path}
	err := checkReplaceable(path)
	if err == nil {
		err = p.open(live)
	}
	if err != nil {
		return nil, fmt.Errorf("--output: %w", err)
	}
	return p, nil
}

// checkReplaceable allows a path where nothing is, or an older page, or an empty file.
func checkReplaceable(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a folder: name a file in it", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no regular file: name another one, or use -o - and send the output there", path)
	case info.Size() > 0 && !isPage(path):
		return fmt.Errorf("%s exists and is no report: name another file, or remove it", path)
	}
	return nil
}

// isPage reports whether a file begins as a report does.
func isPage(path string) bool {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	head := make([]byte, 128)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false
	}
	return bytes.Contains(head[:n], []byte("<!-- "+sink.Signature+" -->"))
}

// pageMode lets only its owner read a page: command lines and addresses are in it.
const pageMode = 0o600

func (p *pageFile) open(live bool) error {
	folder, name := filepath.Split(p.path)
	p.temp = fmt.Sprintf("%s.%s.%d", folder, name, os.Getpid())
	create := func() (err error) {
		p.file, err = os.OpenFile(p.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, pageMode)
		return err
	}
	var err error
	if live {
		err = (account{}).try(create)
	} else {
		err = create()
	}
	if live && errors.Is(err, fs.ErrPermission) {
		p.temp, p.inPlace = "", true
		p.file, err = os.OpenFile(p.path, os.O_WRONLY|os.O_CREATE|unix.O_NOFOLLOW, pageMode)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fileset.NoFolder(p.path)
	}
	if err != nil {
		p.temp = ""
		return err
	}
	return p.giveToCaller()
}

// giveToCaller makes the page a file of the user who called sudo: that user will open it.
func (p *pageFile) giveToCaller() error {
	uid, err := strconv.Atoi(os.Getenv("SUDO_UID"))
	if err != nil || os.Geteuid() != 0 {
		return nil
	}
	gid, err := strconv.Atoi(os.Getenv("SUDO_GID"))
	if err != nil {
		gid = -1
	}
	return p.file.Chown(uid, gid)
}

// write writes the page, and puts it in its place.
func (p *pageFile) write(content func(io.Writer) error) error {
	if p.file == nil {
		out := bufio.NewWriter(p.out)
		return errors.Join(content(out), out.Flush())
	}
	err := p.file.Truncate(0)
	if err == nil {
		err = content(p.file)
	}
	if err = errors.Join(err, p.file.Close()); err != nil {
		return fmt.Errorf("%s: %w", p.path, err)
	}
	if p.inPlace {
		return nil
	}
	if err := os.Rename(p.temp, p.path); err != nil {
		return err
	}
	p.temp = ""
	return nil
}

// discard removes what has not taken its place.
func (p *pageFile) discard() {
	if p.temp != "" {
		_ = os.Remove(p.temp)
	}
}

// isTerminal reports whether a person would see what is written.
func isTerminal(out io.Writer) bool {
	file := fileOf(out)
	return file != nil && term.IsTerminal(int(file.Fd()))
}
