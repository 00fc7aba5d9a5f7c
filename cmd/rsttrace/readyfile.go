package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// readyFile says that everything is attached. It is written beside its place
// before anything is attached, so that a mistake shows at once, and takes its
// place in one step: nobody reads half of it. It never overwrites what is not a
// ready file, and never follows a link, which may be a trap for root.
type readyFile struct {
	path    string
	written string      // where it is before it takes its place; "" after that
	info    fs.FileInfo // of the file, wherever it is
	// privileged: its folder is closed to the user that is left once privileges
	// are given up.
	privileged bool
}

// prepareReadyFile writes the file beside its place. No path, no file: the result
// is nil, and its methods do nothing.
func prepareReadyFile(path string, who account) (*readyFile, error) {
	if path == "" {
		return nil, nil
	}
	if err := checkVacant(path); err != nil {
		return nil, fmt.Errorf("--ready-file: %w", err)
	}
	r := &readyFile{path: path}
	err := who.try(r.write)
	if errors.Is(err, fs.ErrPermission) {
		r.privileged = true
		err = r.write()
	}
	if err != nil {
		return nil, fmt.Errorf("--ready-file: %w", err)
	}
	return r, nil
}

// checkVacant allows a path where nothing is, or what a killed run has left.
func checkVacant(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || !isReadyFile(path) {
		return fmt.Errorf("%s exists and is no ready file: give another path, or remove it", path)
	}
	return os.Remove(path)
}

// isReadyFile reports whether a file has a pid in it, or nothing, as one that
// mktemp(1) has made.
func isReadyFile(path string) bool {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	const most = len("2147483647\n")
	content, err := io.ReadAll(io.LimitReader(file, int64(most)+1))
	if err != nil || len(content) == 0 {
		return err == nil
	}
	digits, whole := bytes.CutSuffix(content, []byte("\n"))
	_, err = strconv.ParseUint(string(digits), 10, 31)
	return whole && err == nil
}

func (r *readyFile) write() error {
	folder, name := filepath.Split(r.path)
	path := fmt.Sprintf("%s.%s.%d", folder, name, os.Getpid())
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "%d\n", os.Getpid())
	if err == nil {
		r.info, err = file.Stat()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	r.written = path
	return nil
}

// needsPrivileges reports whether publish has to come before they are given up.
func (r *readyFile) needsPrivileges() bool { return r != nil && r.privileged }

// publish puts the file in its place, once.
func (r *readyFile) publish() error {
	if r == nil || r.written == "" {
		return nil
	}
	err := unix.Renameat2(unix.AT_FDCWD, r.written, unix.AT_FDCWD, r.path, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) { // this file system cannot
		if err = os.Link(r.written, r.path); err == nil {
			err = os.Remove(r.written)
		}
	}
	if err != nil {
		return fmt.Errorf("--ready-file: %s: %w", r.path, err)
	}
	r.written = ""
	return nil
}

// remove removes the file, unless another has taken its place.
func (r *readyFile) remove() {
	if r == nil {
		return
	}
	path := r.path
	if r.written != "" {
		path = r.written
	}
	if info, err := os.Lstat(path); err == nil && os.SameFile(info, r.info) {
		_ = os.Remove(path) // in a folder of others that takes the privileges that are given up
	}
}
