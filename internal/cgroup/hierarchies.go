package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/procfs"
)

// Hierarchies are the cgroup hierarchies that are mounted here, v2 and v1.
type Hierarchies struct {
	top    string // the folder in which they are mounted, "/"
	mounts []mountPoint
}

type mountPoint struct {
	at   string // where it is mounted
	root string // the cgroup that is
}

// ReadHierarchies finds what is mounted. root is the folder in which /proc and
// /sys are; "" means /.
func ReadHierarchies(root string) (*Hierarchies, error) {
	h := &Hierarchies{top: filepath.Join("/", root)}
	procFS, err := procfs.NewFS(filepath.Join(h.top, "proc"))
	if err != nil {
		return nil, fmt.Errorf("find the control groups: %w", err)
	}
	infos, err := procFS.GetMounts()
	if err != nil {
		return nil, fmt.Errorf("find the control groups: %w", err)
	}
	for _, info := range infos {
		if info.FSType == "cgroup" || info.FSType == "cgroup2" {
			h.mounts = append(h.mounts, mountPoint{unescapeMount.Replace(info.MountPoint), unescapeMount.Replace(info.Root)})
		}
	}
	if len(h.mounts) == 0 {
		return nil, errors.New("no hierarchy of control groups is mounted here")
	}
	// A mount point may lie below another.
	slices.SortStableFunc(h.mounts, func(a, b mountPoint) int { return len(b.at) - len(a.at) })
	return h, nil
}

// Path is the path of a cgroup as events have it: of text that is such a path,
// also without its first slash, or the name of a folder below a mount point. It
// does not say that there is such a cgroup.
func (h *Hierarchies) Path(text string) string {
	name := path.Join("/", text)
	for _, m := range h.mounts {
		if below, inside := strings.CutPrefix(name+"/", strings.TrimSuffix(m.at, "/")+"/"); inside {
			return path.Join("/", m.root, below)
		}
	}
	return name
}

// Paths lists all cgroups but the root, each once.
func (h *Hierarchies) Paths() []string {
	known := make(map[string]bool)
	for _, m := range h.mounts {
		at := filepath.Join(h.top, m.at)
		_ = filepath.WalkDir(at, func(name string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				known[path.Join("/", m.root, strings.TrimPrefix(name, at))] = true
			}
			return nil // what vanishes meanwhile is skipped
		})
	}
	delete(known, "/")
	paths := make([]string, 0, len(known))
	for one := range known {
		paths = append(paths, one)
	}
	slices.Sort(paths)
	return paths
}
