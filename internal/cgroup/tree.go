package cgroup

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/prometheus/procfs"
)

const (
	// knownMax bounds the memory: ids of living cgroups and of those that were.
	knownMax = 16384

	// walkEvery and walkShare bound the cost of walking the hierarchy: at most
	// once in walkEvery, and a walk that took time T not before walkShare times
	// T has passed.
	walkEvery = time.Second
	walkShare = 50
)

// tree is the cgroup v2 hierarchy, as far as it is mounted here.
type tree struct {
	mount string // its mount point, "" where there is none
	root  string // the cgroup that is mounted there
	known *simplelru.LRU[uint64, *treeEntry]
	next  time.Time // of the walk
	walks int
}

// treeEntry is what became of an id.
type treeEntry struct {
	location Location
	parsed   bool // location is complete, not just its path
	gone     bool // no cgroup had this id when it was looked for
}

func newTree(mount, root string) tree {
	known, err := simplelru.NewLRU[uint64, *treeEntry](knownMax, nil)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return tree{mount: mount, root: root, known: known}
}

// mounts finds the cgroup v2 hierarchy, and whether there are v1 hierarchies.
// On hosts with both, v2 is mounted beside or below the others.
func mounts(infos []*procfs.MountInfo) (mount, root string, hybrid bool) {
	for _, info := range infos {
		switch info.FSType {
		case "cgroup":
			hybrid = true
		case "cgroup2":
			if at := unescapeMount.Replace(info.Root); mount == "" || holds(at, root) {
				mount, root = unescapeMount.Replace(info.MountPoint), at
			}
		}
	}
	return mount, root, hybrid
}

// holds reports whether a mounted cgroup holds more than another: the whole hierarchy may be
// mounted beside a part of it. Seen from a container, "/" is its own cgroup, and "/../.." the one
// two levels above it.
func holds(root, other string) bool {
	if a, b := strings.Count(root, "/.."), strings.Count(other, "/.."); a != b {
		return a > b
	}
	return len(root) < len(other)
}

// unescapeMount undoes what the kernel escapes in mountinfo.
var unescapeMount = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// cached finds an id without looking at the hierarchy.
func (t *tree) cached(id uint64) (location Location, decided bool) {
	f, known := t.known.Get(id)
	if !known {
		return Location{}, false
	}
	if !f.parsed && !f.gone {
		f.location, f.parsed = Parse(f.location.Path), true
	}
	return f.location, true
}

// learn takes the path of an id from the kernel.
func (t *tree) learn(id uint64, cgroup string) {
	t.known.Add(id, &treeEntry{location: Location{Path: cgroup}})
}

// confirm reports whether the cgroup at this path has the id, and remembers it.
func (t *tree) confirm(id uint64, cgroup string) bool {
	if t.mount == "" || cgroup == "" {
		return false
	}
	below, inside := strings.CutPrefix(cgroup, strings.TrimSuffix(t.root, "/"))
	if !inside {
		return false
	}
	info, err := os.Lstat(filepath.Join(t.mount, below))
	if err != nil || inode(info) != id {
		return false
	}
	t.known.Add(id, &treeEntry{location: Location{Path: cgroup}})
	return true
}

// search walks the hierarchy for an id, if a walk is due. What is not found has
// been removed since its socket was seen, or lies outside of what is mounted
// here: ids are not used twice, so it will never be found.
func (t *tree) search(id uint64, now time.Time) (Location, bool) {
	if t.mount == "" || now.Before(t.next) {
		return Location{}, false
	}
	started := time.Now()
	t.walk()
	t.next = now.Add(max(walkEvery, walkShare*time.Since(started)))
	if location, decided := t.cached(id); decided {
		return location, true
	}
	t.known.Add(id, &treeEntry{gone: true})
	return Location{}, true
}

// walk learns the ids of all cgroups. What vanishes meanwhile is skipped.
func (t *tree) walk() {
	t.walks++
	_ = filepath.WalkDir(t.mount, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return fs.SkipDir
		}
		if known, _ := t.known.Peek(inode(info)); known == nil || known.gone {
			t.known.Add(inode(info), &treeEntry{location: Location{Path: path.Join(t.root, "/", strings.TrimPrefix(name, t.mount))}})
		}
		if info.Sys().(*syscall.Stat_t).Nlink == 2 {
			return fs.SkipDir // no directories in it: most cgroups, with some fifty files each
		}
		return nil
	})
}

func inode(info fs.FileInfo) uint64 { return info.Sys().(*syscall.Stat_t).Ino }
