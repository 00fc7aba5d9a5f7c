package tracing_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/actor"
	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// TestContainerOfTheDead: what comes for a connection that a container had closed
// names that container, and its filters show it, also when the process and the
// container are gone. There is no socket any more that knows its control group.
func TestContainerOfTheDead(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	top := filepath.Join(unifiedHierarchy(t), fmt.Sprintf("rsttrace-%d-pods.slice", os.Getpid()))
	pod := "pod3f2a9c0d_11e2_4b4a_9687_78695a4b3c2d"
	below := fmt.Sprintf("kubepods-%s.slice", pod)
	for name, wanted := range map[string]string{
		"cgroup":    "cgroup /" + filepath.Base(top),
		"unit":      "unit " + below,
		"container": "container " + aContainer[:12],
		"pod":       "pod 3f2a9c0d-11e2-4b4a-9687-78695a4b3c2d",
	} {
		for _, via := range append([]event.Method{""}, event.Methods...) {
			t.Run(name+" "+string(via), func(t *testing.T) {
				if via == event.Tracepoint && !socketlessByTracepoint() {
					t.Skip("the tracepoint of sent resets shows full sockets only before 6.10")
				}
				n := inNamespace(t)
				traced := wantedIn(t, n, via, wanted)
				client := newTalker(t, n, "client", "")
				makeGroup(t, top)
				makeGroup(t, filepath.Join(top, below))
				group := filepath.Join(top, below, "cri-containerd-"+aContainer+".scope")
				server := newTalker(t, n, "server", group)
				closed, left := client.reach(server), client.reach(server)
				server.do(actor.Request{Op: actor.OpClose, FD: closed.server})
				server.Kill()
				if err := os.Remove(group); err != nil {
					t.Fatal(err)
				}
				client.do(actor.Request{Op: actor.OpWrite, FD: closed.client, N: 1})
				client.do(actor.Request{Op: actor.OpWrite, FD: left.client, N: 1})
				for _, e := range next(t, traced, 2) {
					if o := &e.Owner; e.Cause != cause.DataAfterClose || int(o.PID) != server.PID || o.Container != "containerd/"+aContainer ||
						!strings.HasSuffix(group, o.Cgroup) || o.Cgroup == "" {
						t.Errorf("%s of %+v, want %s[%d] in %s", e.Cause, *o, server.Comm, server.PID, group)
					}
				}
				rest(t, traced)
			})
		}
	}
}

// socketlessByTracepoint reports whether the tracepoint of sent resets shows those
// without a full socket: Linux 6.10 and later.
func socketlessByTracepoint() bool {
	var name unix.Utsname
	var major, minor int
	if err := unix.Uname(&name); err != nil {
		return false
	}
	_, err := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &major, &minor)
	return err == nil && (major > 6 || major == 6 && minor >= 10)
}

// ends are the two ends of a connection, in two processes.
type ends struct{ client, server int }

// reach connects to another talker, which accepts.
func (k *talker) reach(server *talker) ends {
	client := k.socket()
	k.do(actor.Request{Op: actor.OpConnect, FD: client, Addr: server.at})
	return ends{client, server.do(actor.Request{Op: actor.OpAccept, FD: server.listener}).FD}
}

// TestGroupsGoneAtOnce: a control group is named that lived for a few
// milliseconds, with its one process.
func TestGroupsGoneAtOnce(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	const groups = 200
	top := unifiedHierarchy(t)
	jobs := filepath.Join(top, fmt.Sprintf("rsttrace-%d-jobs.slice", os.Getpid()))
	makeGroup(t, jobs)
	n := inNamespace(t)
	traced, err := tracing.Open(tracing.Options{
		NoFollowups: true,
		Filter:      filter.And(tracing.InNetns(n.Inode()), filter.MustParse("unit "+filepath.Base(jobs))),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer traced.Close()
	for i := range groups { // nobody reads meanwhile
		if err := abortIn(n, filepath.Join(jobs, fmt.Sprintf("job-%d.service", i))); err != nil {
			t.Fatal(err)
		}
	}
	named := make(map[string]int)
	for _, e := range drained(t, traced) {
		named[e.Owner.Unit]++
	}
	for i := range groups {
		if unit := fmt.Sprintf("job-%d.service", i); named[unit] != 2 {
			t.Errorf("%d events name %s, want 2", named[unit], unit)
		}
	}
	if len(named) != groups {
		t.Errorf("%d groups are named, want %d", len(named), groups)
	}
}

// abortIn makes a control group with a process in it that aborts a connection, and
// removes it again.
func abortIn(n *netns.Namespace, group string) error {
	if err := os.Mkdir(group, 0o755); err != nil {
		return err
	}
	folder, err := os.Open(group)
	if err != nil {
		return err
	}
	defer folder.Close()
	job := exec.Command("/proc/self/exe")
	job.Env = append(os.Environ(), tracing.StrangerVariable+"=1")
	job.Stdin = strings.NewReader("linger 1\n")
	job.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(folder.Fd())}
	err = n.Do(job.Run)
	return errors.Join(err, os.Remove(group))
}
