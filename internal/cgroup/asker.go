package cgroup

import (
	"context"
	"path/filepath"

	"github.com/prometheus/procfs"
)

// Asker finds where things are before the first event, and waits for names.
// Resolver never does.
type Asker struct {
	proc    procfs.FS
	procErr error
	names   *names
	engines []*engine
}

// NewAsker asks nobody yet. root is the folder in which /proc, /run and /var are;
// "" means /.
func NewAsker(root string) *Asker {
	a := &Asker{}
	a.proc, a.procErr = procfs.NewFS(filepath.Join("/", root, "proc"))
	a.names, a.engines = openNames(root)
	return a
}

// Close frees what asking took.
func (a *Asker) Close() {
	for _, e := range a.engines {
		e.close()
	}
}

// Process is where a process is now, with names as far as they come before ctx
// ends.
func (a *Asker) Process(ctx context.Context, pid int) Location {
	if a.procErr != nil {
		return Location{}
	}
	location := locationOf(a.proc, pid)
	a.name(ctx, &location)
	return location
}

// name adds the names of a container and a pod. It returns false if somebody who
// may know them has not answered.
func (a *Asker) name(ctx context.Context, location *Location) (named bool) {
	key := location.key()
	if key == "" {
		return true
	}
	named = true
	if !a.names.known.Contains(key) {
		named = ctx.Err() == nil && a.names.ask(ctx, question{Location: *location})
	}
	known, _ := a.names.known.Get(key)
	known.apply(location)
	return named
}

// locationOf reads where a process is.
func locationOf(proc procfs.FS, pid int) Location {
	process, err := proc.Proc(pid)
	if err != nil {
		return Location{}
	}
	lines, err := process.Cgroups()
	if err != nil {
		return Location{}
	}
	return choose(lines)
}
