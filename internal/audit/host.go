package audit

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Host is where the network namespaces of a machine are found. The zero value
// is the running machine.
type Host struct {
	Proc  string // "" is /proc
	Named string // "" is /run/netns, where ip-netns(8) mounts namespaces
}

// Reading is the counters of all network namespaces that could be found.
//
// A namespace is found by a process in it or by its name below /run/netns. One
// that only a descriptor, or a thread of a process that is elsewhere, keeps
// alive is not found.
type Reading struct {
	Namespaces map[uint32]Snapshot // by inode
	Unreadable map[uint32]string   // found and not read: where it was found
	// Exhausted is why namespaces are unreadable if this process has run out of
	// something: then nothing follows about them. nil: it has not.
	Exhausted error
	// Partial: /proc belongs to a pid namespace that is not the initial one, so
	// only the processes in it, and their network namespaces, are visible.
	Partial bool
}

// access is where a namespace can be read.
type access struct {
	pids []string // the first few processes in it
	path string   // its mount, if it has one
}

// pidsTried: the first one may end before its counters are read.
const pidsTried = 4

// Read reads the counters of every namespace. It needs CAP_SYS_PTRACE to see
// those of other users' processes, and CAP_SYS_ADMIN for a named one without a
// process; what it may not read is in the Reading, and no error.
func (h Host) Read() (*Reading, error) {
	r := &Reading{
		Namespaces: make(map[uint32]Snapshot),
		Unreadable: make(map[uint32]string),
		Partial:    h.partial(),
	}
	found, err := h.find()
	if err != nil {
		return nil, err
	}
	for inode, p := range found {
		s, err := h.readNamespace(inode, p)
		if exhausted(err) {
			r.Exhausted = err
		}
		switch {
		case s != nil:
			r.Namespaces[inode] = s
		case p.path != "":
			r.Unreadable[inode] = p.path
		case h.alive(inode, p):
			r.Unreadable[inode] = filepath.Join(h.proc(), p.pids[0])
		} // else its last process ended since: it went
	}
	return r, nil
}

func (h Host) proc() string {
	if h.Proc == "" {
		return "/proc"
	}
	return h.Proc
}

func (h Host) named() string {
	if h.Named == "" {
		return "/run/netns"
	}
	return h.Named
}

// find lists the namespaces of all processes and all named ones.
func (h Host) find() (map[uint32]*access, error) {
	dir, err := os.Open(h.proc())
	if err != nil {
		return nil, err
	}
	names, err := dir.Readdirnames(-1)
	dir.Close()
	if err != nil {
		return nil, err
	}
	found := make(map[uint32]*access)
	for _, pid := range names {
		if pid[0] < '0' || pid[0] > '9' {
			continue
		}
		inode, err := h.namespaceOf(pid)
		if err != nil {
			continue // it ended, or does not let its namespace be known
		}
		p := found[inode]
		if p == nil {
			p = new(access)
			found[inode] = p
		}
		if len(p.pids) < pidsTried {
			p.pids = append(p.pids, pid)
		}
	}
	h.findNamed(found)
	return found, nil
}

// namespaceOf returns the inode of a process's namespace. Zombies have none.
func (h Host) namespaceOf(pid string) (uint32, error) {
	link, err := os.Readlink(h.proc() + "/" + pid + "/ns/net")
	if err != nil {
		return 0, err
	}
	return parseNamespace(link, "net")
}

var errNoNamespace = errors.New("not a namespace")

// parseNamespace reads a link like net:[4026531833].
func parseNamespace(link, kind string) (uint32, error) {
	digits, ok := strings.CutPrefix(link, kind+":[")
	if !ok || !strings.HasSuffix(digits, "]") {
		return 0, errNoNamespace
	}
	inode, err := strconv.ParseUint(strings.TrimSuffix(digits, "]"), 10, 32)
	if err != nil {
		return 0, errNoNamespace
	}
	return uint32(inode), nil
}

// initialPIDNamespace is PROC_PID_INIT_INO, the same on every machine.
const initialPIDNamespace = 0xEFFFFFFC

// partial looks at process 1, which is in the pid namespace that this /proc
// shows, or at this process. Where it may look at neither nothing is claimed.
func (h Host) partial() bool {
	for _, process := range []string{"1", "self"} {
		link, err := os.Readlink(h.proc() + "/" + process + "/ns/pid")
		if err != nil {
			continue
		}
		inode, err := parseNamespace(link, "pid")
		return err == nil && inode != initialPIDNamespace
	}
	return false
}

// readNamespace reads a namespace through one of its processes, or its mount. Without
// a snapshot the error is the last one; there is none if all processes have left.
func (h Host) readNamespace(inode uint32, p *access) (s Snapshot, last error) {
	for _, pid := range p.pids {
		s, err := read(h.proc() + "/" + pid + "/net/")
		if err != nil {
			last = err
			continue
		}
		// A process may end, or change its namespace, while it is looked at.
		if now, err := h.namespaceOf(pid); err == nil && now == inode {
			return s, nil
		}
	}
	if p.path == "" {
		return nil, last
	}
	return readMount(p.path)
}

// exhausted reports whether an error says that something has run out.
func exhausted(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOMEM) || errors.Is(err, unix.EAGAIN)
}

// alive reports whether one of the processes is still in the namespace.
func (h Host) alive(inode uint32, p *access) bool {
	for _, pid := range p.pids {
		if now, err := h.namespaceOf(pid); err == nil && now == inode {
			return true
		}
	}
	return false
}
