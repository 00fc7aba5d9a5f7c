package probe

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// kprobe attaches to the entry of a function by its symbol. It knows no types:
// arguments are registers.
type kprobe struct{}

// kprobePMU is there in every kernel with CONFIG_KPROBE_EVENTS since 4.17.
const kprobePMU = "/sys/bus/event_source/devices/kprobe"

func (kprobe) offered() error {
	if _, err := os.Stat(kprobePMU); errors.Is(err, fs.ErrNotExist) {
		return errors.New("kernel has no kprobes (CONFIG_KPROBE_EVENTS is off)")
	}
	return nil
}

func (kprobe) function(h *hook, t *target) (string, error) {
	if t.symbol == "" && t.changed != "" {
		return "", fmt.Errorf("the compiler has changed the arguments of %s (%s)", h.name(), t.changed)
	}
	if t.symbol == "" {
		return h.name(), t.legible(h) // attaching says what is missing
	}
	return t.symbol, t.legible(h)
}

func (kprobe) arguments(t *target) map[string]uint32 { return t.arguments }

func (kprobe) prepare(*ebpf.ProgramSpec, string) {}

func (kprobe) attach(program *ebpf.Program, symbol string) (link.Link, error) {
	return link.Kprobe(symbol, program, nil)
}

// missed: there are as many slots for kprobes at once as there are processors. The
// kernel tells from 6.6 on.
func (kprobe) missed(l link.Link) uint64 {
	info, err := l.Info()
	if err != nil {
		return 0
	}
	if perf := info.PerfEvent(); perf != nil && perf.Kprobe() != nil {
		return perf.Kprobe().Missed
	}
	return 0
}

func (kprobe) facility() string { return "kprobes (CONFIG_KPROBES, CONFIG_BPF_EVENTS)" }
