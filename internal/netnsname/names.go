package netnsname

import (
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/prometheus/procfs"

	"github.com/rsttrace/rsttrace/internal/cgroup"
)

// Host is the name of the initial network namespace.
const Host = "host"

const (
	namesMax = 4096
	// nameFor is how long a name is believed without another look at its proof.
	nameFor = time.Second
	// namelessFor is how long a namespace without a name is believed to have
	// none.
	namelessFor = 10 * time.Second
	// surveyEvery and surveyShare bound the cost of looking at all mounts and
	// processes: at most once in surveyEvery, and a survey that took time T
	// not before surveyShare times T has passed.
	surveyEvery = time.Second
	surveyShare = 50
)

// Options for New. The zero value is right for a host.
type Options struct {
	// Root is the folder in which /proc and /run are; "" means /.
	Root string
	// Location tells in which container a process of this /proc is; nil: do not
	// name namespaces after containers.
	Location func(pid int) cgroup.Location
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Names knows the names of network namespaces. It is for one goroutine.
type Names struct {
	root     string
	location func(pid int) cgroup.Location
	host     uint32
	device   uint64 // of nsfs, to which all namespaces belong
	known    *simplelru.LRU[uint32, name]
	survey   survey
	next     time.Time // of the survey
	surveys  int
	now      func() time.Time
}

// name is what a namespace is called, and why.
type name struct {
	text  string
	proof candidate
	until time.Time // the proof is due again
}

// New looks at no names yet. It never fails: what is missing on this host is
// not known later.
func New(o Options) *Names {
	known, err := simplelru.NewLRU[uint32, name](namesMax, nil)
	if err != nil {
		panic(err) // only for a size below 1
	}
	n := &Names{root: filepath.Join("/", o.Root), location: o.Location, known: known, now: o.Now}
	if n.now == nil {
		n.now = time.Now
	}
	if n.location == nil {
		n.location = func(int) cgroup.Location { return cgroup.Location{} }
	}
	n.host = n.hostInode()
	_, n.device = stat(filepath.Join(n.root, "proc/self/ns/net"))
	return n
}

// initial is the inode number of the initial network namespace in recent
// kernels (NET_NS_INIT_INO in include/uapi/linux/nsfs.h; 6.18 has it). No other
// namespace ever had it: numbers given at run time start at 0xF0000000.
const initial = 0xEFFFFFF9

// hostInode is that of the initial network namespace where the kernel gave it
// one at boot, 0 if it cannot be known: kernel threads are in it, and they are
// to be seen in the initial pid namespace only.
func (n *Names) hostInode() uint32 {
	proc := filepath.Join(n.root, "proc")
	fs, err := procfs.NewFS(proc)
	if err != nil || !cgroup.HostPIDs(fs) {
		return 0
	}
	for _, pid := range []string{"2", "1"} {
		if inode, _ := stat(filepath.Join(proc, pid, "ns/net")); inode != 0 {
			return inode
		}
	}
	return 0
}

// Of names a namespace, or returns "" where it has no name or none is known
// yet. A namespace that was asked for in the last second costs one look into a
// map.
func (n *Names) Of(inode uint32) string {
	switch inode {
	case 0:
		return ""
	case initial, n.host:
		return Host
	}
	now := n.now()
	known, found := n.known.Get(inode)
	if found && now.Before(known.until) {
		return known.text
	}
	if found && known.text != "" {
		if text := n.check(inode, known.proof); text != "" {
			return n.learn(inode, name{text, known.proof, now.Add(nameFor)})
		}
		n.known.Remove(inode)
	}
	surveyed := n.look(now)
	if text, proof := n.choose(inode); text != "" {
		return n.learn(inode, name{text, proof, now.Add(nameFor)})
	}
	if surveyed {
		n.learn(inode, name{until: now.Add(namelessFor)})
	}
	return ""
}

func (n *Names) learn(inode uint32, learnt name) string {
	n.known.Add(inode, learnt)
	return learnt.text
}

// look surveys the host if that is due.
func (n *Names) look(now time.Time) bool {
	if now.Before(n.next) {
		return false
	}
	started := time.Now()
	n.survey = newSurvey(n.root, n.device)
	n.surveys++
	n.next = now.Add(max(surveyEvery, surveyShare*time.Since(started)))
	return true
}

// choose takes the best candidate whose proof holds.
func (n *Names) choose(inode uint32) (string, candidate) {
	for _, c := range n.survey[inode] {
		if text := n.check(inode, c); text != "" {
			return text, c
		}
	}
	return "", candidate{}
}

// check looks at the proof of a candidate and returns the name that it has now:
// the runtime may have told it meanwhile.
func (n *Names) check(inode uint32, c candidate) string {
	if got, device := stat(c.file); got != inode || device != n.device {
		return ""
	}
	if c.pid == 0 {
		return c.name
	}
	location := n.location(c.pid)
	if pod := location.PodText(); pod != "" {
		return pod // its containers share the namespace
	}
	return location.Container.String()
}

// stat returns inode number and device of what a file or link leads to, or 0.
func stat(file string) (inode uint32, device uint64) {
	info, err := os.Stat(file)
	if err != nil {
		return 0, 0
	}
	sys := info.Sys().(*syscall.Stat_t)
	return uint32(sys.Ino), uint64(sys.Dev) //nolint:unconvert // its type differs between architectures
}
