package netnsname

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// candidate is something that may give a namespace its name.
type candidate struct {
	file string // leads to the namespace
	name string // of a mount
	pid  int    // else the process that is in it
	rank rank
}

// rank orders candidates: what a person wrote comes first.
type rank int

const (
	given     rank = iota // ip netns add NAME
	container             // a process, which may be in a container
	generated             // the mount of a runtime or plug-in
)

// processesMax is how many processes of a namespace are asked for their
// container: the first are those that made it or its container.
const processesMax = 8

// survey holds the candidates of each namespace, the best first.
type survey map[uint32][]candidate

func newSurvey(root string, device uint64) survey {
	s := make(survey)
	for _, dir := range []string{"run/netns", "run/docker/netns"} {
		for _, entry := range list(filepath.Join(root, dir)) {
			c := candidate{file: filepath.Join(root, dir, entry), name: entry, rank: given}
			if dir != "run/netns" || madeUp.MatchString(entry) {
				c.rank = generated
			}
			s.add(c, device)
		}
	}
	proc := filepath.Join(root, "proc")
	pids := make([]int, 0, 1024)
	for _, entry := range list(proc) {
		if pid, err := strconv.Atoi(entry); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	for _, pid := range pids {
		s.add(candidate{file: filepath.Join(proc, strconv.Itoa(pid), "ns/net"), pid: pid, rank: container}, device)
	}
	for _, candidates := range s {
		slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(a.rank, b.rank) })
	}
	return s
}

func (s survey) add(c candidate, device uint64) {
	inode, on := stat(c.file)
	if inode == 0 || on != device {
		return // gone, not allowed, or a file without a namespace mounted on it
	}
	if c.pid == 0 || s.processes(inode) < processesMax {
		s[inode] = append(s[inode], c)
	}
}

func (s survey) processes(inode uint32) (n int) {
	for _, c := range s[inode] {
		if c.pid != 0 {
			n++
		}
	}
	return n
}

// madeUp are the names that CNI plug-ins and Podman give: cni-UUID, netns-UUID.
var madeUp = regexp.MustCompile(`^(?:cni-|netns-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func list(dir string) []string {
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1) // what could be read of it
	slices.Sort(names)
	return names
}
