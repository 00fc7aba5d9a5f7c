package tracing

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/cgroup"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// programsMax and programFor bound how often a process is looked at. In a storm of
// short-lived processes only programsPerTick of them are, every programTick.
const (
	programsMax     = 1024
	programFor      = 10 * time.Second
	programTick     = 100 * time.Millisecond
	programsPerTick = 50
)

// programs are what processes run, and who started them, as /proc says. A nil one
// knows nothing.
type programs struct {
	root    string // of /proc
	recent  *simplelru.LRU[uint32, program]
	tick    time.Time
	budget  int
	suspend time.Duration // CLOCK_BOOTTIME is so far ahead of CLOCK_MONOTONIC
}

type program struct {
	comm    string
	exe     string
	cmdline string
	parent  event.ProcessRef
	started time.Duration // after boot; 0: not known, and the process is gone
	at      time.Time
}

// openPrograms returns nil if the numbers of processes in /proc are not those of
// events.
func openPrograms(root string) *programs {
	fs, err := procfs.NewFS(root)
	if err != nil || !cgroup.HostPIDs(fs) {
		return nil
	}
	return newPrograms(root)
}

func newPrograms(root string) *programs {
	recent, err := simplelru.NewLRU[uint32, program](programsMax, nil)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &programs{root: root, recent: recent, suspend: suspended()}
}

// suspended is for how long the machine has slept since boot.
func suspended() time.Duration {
	var boot, monotonic unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) != nil || unix.ClockGettime(unix.CLOCK_MONOTONIC, &monotonic) != nil {
		return 0
	}
	return time.Duration(boot.Nano() - monotonic.Nano())
}

// complete says of the owner, and of the process that acted on its socket, what they run.
func (p *programs) complete(e *event.Event, now time.Time) {
	if e.Kernel.Command != nil {
		e.Initiator.Cmdline = shortCommand(e.Kernel.Command) // also of a process that has ended
	}
	if known, ok := p.of(event.ProcessRef{PID: e.Owner.PID, Comm: e.Owner.Comm}, e, now); ok {
		e.Owner.Exe, e.Owner.Cmdline = known.exe, known.cmdline
		if e.Owner.Parent == (event.ProcessRef{}) {
			e.Owner.Parent = known.parent
		}
	}
	if known, ok := p.of(e.Initiator.ProcessRef, e, now); ok {
		e.Initiator.Exe = known.exe
		if e.Initiator.Cmdline == "" {
			e.Initiator.Cmdline = known.cmdline
		}
		if e.Initiator.Parent == (event.ProcessRef{}) {
			e.Initiator.Parent = known.parent
		}
	}
}

// of is what a process of an event runs; false if that is not known.
func (p *programs) of(process event.ProcessRef, e *event.Event, now time.Time) (program, bool) {
	if p == nil || process.PID == 0 {
		return program{}, false
	}
	known, ok := p.recent.Get(process.PID)
	if !ok || now.Sub(known.at).Abs() >= programFor || known.comm != process.Comm {
		if !p.spend(now) {
			return program{}, false
		}
		known = p.read(process.PID)
		known.at = now
		p.recent.Add(process.PID, known)
	}
	// Else the number is another process's by now.
	return known, known.comm == process.Comm && p.isOlder(&known, e)
}

// spend reports whether one more process may be looked at now.
func (p *programs) spend(now time.Time) bool {
	if now.Sub(p.tick).Abs() >= programTick {
		p.tick, p.budget = now, programsPerTick
	}
	p.budget--
	return p.budget >= 0
}

// isOlder: a process that started after the event has only its number.
func (p *programs) isOlder(known *program, e *event.Event) bool {
	const tick = 10 * time.Millisecond // of /proc, which rounds down
	return known.started != 0 && known.started <= time.Duration(e.Kernel.HookNanos)+p.suspend+tick
}

// read asks /proc. Of a process that is gone nothing is known.
func (p *programs) read(pid uint32) program {
	folder := filepath.Join(p.root, strconv.FormatUint(uint64(pid), 10))
	parent, started := p.stat(folder)
	if started == 0 {
		return program{}
	}
	known := program{comm: p.comm(folder), started: started, parent: event.ProcessRef{PID: parent}}
	known.exe, _ = os.Readlink(filepath.Join(folder, "exe")) // "" without CAP_SYS_PTRACE
	if line, err := os.ReadFile(filepath.Join(folder, "cmdline")); err == nil {
		known.cmdline = shortCommand(line)
	}
	if parent != 0 {
		known.parent.Comm = p.comm(filepath.Join(p.root, strconv.FormatUint(uint64(parent), 10)))
	}
	if _, again := p.stat(folder); again != started {
		return program{} // another process came meanwhile
	}
	return known
}

func (p *programs) comm(folder string) string {
	comm, err := os.ReadFile(filepath.Join(folder, "comm"))
	if err != nil {
		return ""
	}
	return string(bytes.TrimSuffix(comm, []byte("\n")))
}

// stat returns the number of the parent, and when the process started: 0 if it is gone.
func (p *programs) stat(folder string) (parent uint32, started time.Duration) {
	const afterName, parentField, startField, ticksPerSecond = 2, 1, 19, 100
	text, err := os.ReadFile(filepath.Join(folder, "stat"))
	if err != nil {
		return 0, 0
	}
	name := bytes.LastIndexByte(text, ')') // a name may have any character
	if name < 0 || name+afterName > len(text) {
		return 0, 0
	}
	fields := strings.Fields(string(text[name+afterName:]))
	if len(fields) <= startField {
		return 0, 0
	}
	number, err := strconv.ParseUint(fields[parentField], 10, 32)
	ticks, tickErr := strconv.ParseUint(fields[startField], 10, 64)
	if err != nil || tickErr != nil {
		return 0, 0
	}
	return uint32(number), max(1, time.Duration(ticks)*(time.Second/ticksPerSecond))
}
