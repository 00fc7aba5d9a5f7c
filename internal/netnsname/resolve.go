package netnsname

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/cgroup"
)

// Resolve finds the inode number of a network namespace by what people call it:
// the number itself, a name below /run/netns as `ip netns` shows it, or a path
// such as /proc/812/ns/net. "own" is that of this process. Names that events have
// are known, too: host, docker/web-1, shop/cart-6d9f.
func Resolve(text string) (uint32, error) {
	if number, err := strconv.ParseUint(text, 10, 32); err == nil && number > 0 {
		return uint32(number), nil
	}
	switch {
	case text == "":
		return 0, errors.New("empty network namespace")
	case text == "own":
		return inodeOf("/proc/self/ns/net")
	case filepath.IsAbs(text):
		return inodeOf(text)
	}
	given := text
	if !strings.Contains(text, "/") {
		given = filepath.Join("/run/netns", text)
	}
	inode, err := inodeOf(given)
	if err == nil {
		return inode, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), findPatience)
	defer cancel()
	asker := cgroup.NewAsker("")
	defer asker.Close()
	n := New(Options{Location: func(pid int) cgroup.Location { return asker.Process(ctx, pid) }})
	if inode := n.find(text); inode != 0 {
		return inode, nil
	}
	return 0, err
}

// findPatience bounds the wait for names of containers.
const findPatience = time.Second

// find looks for a namespace that events call so. It returns 0 if there is none.
func (n *Names) find(text string) uint32 {
	switch text {
	case "":
		return 0
	case Host:
		return n.host
	}
	n.look(n.now())
	for inode, candidates := range n.survey {
		if inode == n.host {
			continue // it has one name only, whatever runs in it
		}
		for _, c := range candidates {
			if c.pid == 0 && c.name == text || c.pid != 0 && called(n.location(c.pid), text) {
				return inode
			}
		}
	}
	return 0
}

// called reports whether a namespace may be printed so because somebody in it is
// at this location.
func called(l cgroup.Location, text string) bool {
	c := l.Container
	id := c
	id.Name = ""
	short := id
	short.ID = short.ID[:min(len(short.ID), 12)]
	return text == l.Pod || text == l.PodUID || text == c.String() || text == id.String() || text == short.String()
}

func inodeOf(path string) (uint32, error) {
	var file unix.Statfs_t
	if err := unix.Statfs(path, &file); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return 0, fmt.Errorf("there is no %s: want an inode number, a name as ip netns or an event shows it, a path as /proc/PID/ns/net, own, or all", printable(path))
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
