package tracing

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/cgroup"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// dispositionsMax and dispositionFor bound how often a process is asked: programs
// set their signals up when they start.
const (
	dispositionsMax = 1024
	dispositionFor  = time.Second
)

// dispositions are what SIGPIPE does to processes, as /proc/PID/status says. A nil
// one knows nothing.
type dispositions struct {
	root   string // of /proc
	recent *simplelru.LRU[uint32, disposition]
}

type disposition struct {
	action event.SignalAction
	comm   string
	at     time.Time
}

// openDispositions returns nil if the numbers of processes in /proc are not those
// of events.
func openDispositions(root string) *dispositions {
	fs, err := procfs.NewFS(root)
	if err != nil || !cgroup.HostPIDs(fs) {
		return nil
	}
	return newDispositions(root)
}

func newDispositions(root string) *dispositions {
	recent, err := simplelru.NewLRU[uint32, disposition](dispositionsMax, nil)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &dispositions{root: root, recent: recent}
}

// complete says of the owner what SIGPIPE does to it, where a write raises it.
func (d *dispositions) complete(e *event.Event, now time.Time) {
	if d == nil || e.Cause != cause.WroteAfterPeerClose || e.Owner.PID == 0 {
		return
	}
	known, ok := d.recent.Get(e.Owner.PID)
	if !ok || now.Sub(known.at).Abs() >= dispositionFor {
		known = d.read(e.Owner.PID)
		known.at = now
		d.recent.Add(e.Owner.PID, known)
	}
	if known.comm == e.Owner.Comm { // else the number is another process's by now
		e.Owner.SIGPIPE = known.action
	}
}

// read asks the kernel. A process that is gone has no action.
func (d *dispositions) read(pid uint32) disposition {
	folder := filepath.Join(d.root, strconv.FormatUint(uint64(pid), 10))
	comm, err := os.ReadFile(filepath.Join(folder, "comm"))
	if err != nil {
		return disposition{}
	}
	status, err := os.ReadFile(filepath.Join(folder, "status"))
	if err != nil {
		return disposition{}
	}
	return disposition{action: sigpipeIn(status), comm: string(bytes.TrimSuffix(comm, []byte("\n")))}
}

// sigpipeIn finds the action in /proc/PID/status, "" if it is not there.
func sigpipeIn(status []byte) event.SignalAction {
	ignored, caught := signalSet(status, "SigIgn"), signalSet(status, "SigCgt")
	const sigpipe = 1 << (unix.SIGPIPE - 1)
	switch {
	case ignored == nil || caught == nil:
		return ""
	case *ignored&sigpipe != 0:
		return event.SignalIgnored
	case *caught&sigpipe != 0:
		return event.SignalCaught
	}
	return event.SignalDefault
}

func signalSet(status []byte, name string) *uint64 {
	_, rest, found := bytes.Cut(status, []byte("\n"+name+":\t"))
	if !found {
		return nil
	}
	text, _, _ := bytes.Cut(rest, []byte("\n"))
	set, err := strconv.ParseUint(string(text), 16, 64)
	if err != nil {
		return nil
	}
	return &set
}
