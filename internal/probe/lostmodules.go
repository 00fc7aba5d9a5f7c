package probe

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"slices"

	"github.com/rsttrace/rsttrace/bpf"
)

// lostModules finds kernel modules of whose coming no record tells: it found no
// room in the ring, or they came after the symbols were read and before the module
// hook was attached.
type lostModules struct {
	checked bool   // once since the hooks are attached
	records uint64 // that had been lost when it was checked last
	// loaded lists the modules of the kernel.
	loaded func() (io.ReadCloser, error)
}

func readModules() (io.ReadCloser, error) { return os.Open("/proc/modules") }

// attachLostModules attaches what waits for a module that is loaded already. A
// record is lost only while others wait in the ring, so a Read follows.
func (s *Session) attachLostModules() error {
	if !s.awaitsModule() {
		return nil
	}
	lost, err := s.counters.lost(bpf.ContextRecordKindRECORD_MODULE)
	if err != nil {
		return err
	}
	known := &s.reader.lostModules
	if known.checked && known.records == lost {
		return nil
	}
	known.checked, known.records = true, lost
	if known.loaded == nil {
		known.loaded = readModules
	}
	list, err := known.loaded()
	if err != nil {
		return nil // a kernel without modules, or a /proc that hides them
	}
	defer list.Close()
	for module := range modulesIn(list) {
		s.moduleLoaded(module)
	}
	return nil
}

// awaitsModule reports whether a hook waits for its module.
func (s *Session) awaitsModule() bool {
	s.attaching.Lock()
	defer s.attaching.Unlock()
	return slices.ContainsFunc(s.hooks[:], func(h hookState) bool { return h.status.Later })
}

// modulesIn gives the names in lines of /proc/modules: "NAME SIZE USES USERS STATE
// ADDRESS". One that is Loading shows its functions, and its record may be the lost
// one.
func modulesIn(list io.Reader) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for lines := bufio.NewScanner(list); lines.Scan(); {
			name, rest, ok := bytes.Cut(lines.Bytes(), []byte(" "))
			if ok && !bytes.Contains(rest, []byte(" Unloading ")) && !yield(string(name)) {
				return
			}
		}
	}
}
