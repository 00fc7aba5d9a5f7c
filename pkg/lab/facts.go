package lab

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/audit"
)

// What differs between kernels is decided by what this one is seen to do, never
// by its version.

// Counter reads a kernel counter of the namespace in which the named end is. It
// is 0 where the kernel has none of that name.
func (e *Env) Counter(end, name string) uint64 {
	var s audit.Snapshot
	e.must(e.namespace(end).Do(func() (err error) {
		s, err = audit.OfThread()
		return err
	}))
	return s[name]
}

// KernelDeviates records what this kernel does otherwise than the story tells.
func (e *Env) KernelDeviates(format string, args ...any) {
	e.kernelDeviates = fmt.Sprintf(format, args...)
	e.Stepf("this kernel differs: %s", e.kernelDeviates)
}

// CountedSilently says that a counter of the named end grows without an event,
// or, by a negative number, does not grow with one.
func (e *Env) CountedSilently(end, counter string, more int, why string) {
	e.counterExceptions = append(e.counterExceptions, CounterException{
		Namespace: e.namespace(end).Name(), Counter: counter, More: more, Why: why,
	})
}

// missesModule says that one of the modules would have to be loaded first,
// which changes the host.
func missesModule(modules ...string) bool {
	if helper, err := os.ReadFile("/proc/sys/kernel/modprobe"); err != nil || len(bytes.TrimSpace(helper)) == 0 {
		return false // nothing can be loaded: what is not there will stay away
	}
	present := listModules()
	for _, name := range modules {
		if !present[name] {
			return true
		}
	}
	return false
}

// listModules lists what is loaded or built in.
func listModules() map[string]bool {
	present := make(map[string]bool)
	loaded, _ := os.ReadFile("/proc/modules") // NAME SIZE ...
	for line := range strings.Lines(string(loaded)) {
		name, _, _ := strings.Cut(line, " ")
		present[name] = true
	}
	var host unix.Utsname
	if err := unix.Uname(&host); err != nil {
		return present
	}
	file, err := os.Open("/lib/modules/" + unix.ByteSliceToString(host.Release[:]) + "/modules.builtin")
	if err != nil {
		return present
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); { // kernel/net/ipv4/tcp_diag.ko
		name := strings.TrimSuffix(filepath.Base(lines.Text()), ".ko")
		present[strings.ReplaceAll(name, "-", "_")] = true
	}
	return present
}
