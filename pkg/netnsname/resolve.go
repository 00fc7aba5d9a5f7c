package netnsname

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/sys/unix"
)

// Resolve finds the inode number of a network namespace by what people call it:
// the number itself, a name below /run/netns as `ip netns` shows it, or a path
// such as /proc/812/ns/net. "own" is that of this process.
func Resolve(text string) (uint32, error) {
	if number, err := strconv.ParseUint(text, 10, 32); err == nil && number > 0 {
		return uint32(number), nil
	}
	switch {
	case text == "":
		return 0, errors.New("empty network namespace")
	case text == "own":
		return inodeOf("/proc/self/ns/net")
	case strings.Contains(text, "/"):
		return inodeOf(text)
	default:
		return inodeOf(filepath.Join("/run/netns", text))
	}
}

func inodeOf(path string) (uint32, error) {
	var file unix.Statfs_t
	if err := unix.Statfs(path, &file); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return 0, fmt.Errorf("there is no %s: want an inode number, a name as ip netns shows it, a path as /proc/PID/ns/net, own, or all", printable(path))
		}
		return 0, fmt.Errorf("%s: %w", printable(path), err)
	}
	if file.Type != unix.NSFS_MAGIC {
		return 0, fmt.Errorf("%s is no network namespace", printable(path))
	}
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return 0, fmt.Errorf("%s: %w", printable(path), err)
	}
	return uint32(stat.Ino), nil
}

// printable quotes a path that would spoil the line of an error.
func printable(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(path)
	}
	return path
}
