package audit

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/osthread"
)

// findNamed adds the namespaces that are mounted below /run/netns. One without
// a process can still send RSTs: its kernel answers for its addresses.
func (h Host) findNamed(found map[uint32]*access) {
	entries, err := os.ReadDir(h.named())
	if err != nil {
		return // nobody uses ip-netns here
	}
	for _, entry := range entries {
		path := filepath.Join(h.named(), entry.Name())
		inode, ok := namespaceAt(path)
		if !ok {
			continue // left over from one that is gone
		}
		p := found[inode]
		if p == nil {
			p = new(access)
			found[inode] = p
		}
		p.path = path
	}
}

// namespaceAt returns the inode of a namespace that is mounted at path.
func namespaceAt(path string) (uint32, bool) {
	var fs unix.Statfs_t
	if err := unix.Statfs(path, &fs); err != nil || fs.Type != unix.NSFS_MAGIC {
		return 0, false
	}
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return 0, false
	}
	return uint32(stat.Ino), true
}

// readMount enters a namespace and reads its counters there. It needs
// CAP_SYS_ADMIN.
func readMount(path string) (Snapshot, error) {
	type result struct {
		snapshot Snapshot
		err      error
	}
	done := make(chan result, 1)
	osthread.Throwaway(func() {
		s, err := readInside(path)
		done <- result{s, err}
	})
	r := <-done
	return r.snapshot, r.err
}

func readInside(path string) (Snapshot, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	defer unix.Close(fd)
	if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
		return nil, fmt.Errorf("enter %s: %w", path, err)
	}
	return OfThread()
}
