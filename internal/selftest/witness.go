package selftest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rsttrace/rsttrace/internal/audit"
	"github.com/rsttrace/rsttrace/internal/capture"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// witness observes the namespaces of one scenario from outside of the tracer.
type witness struct {
	captures map[string]*capture.Capture
	before   map[string]audit.Snapshot
	segments map[string][]capture.Segment
	growth   map[string]audit.Snapshot // of the kernel's counters
}

func newWitness() *witness {
	return &witness{
		captures: make(map[string]*capture.Capture),
		before:   make(map[string]audit.Snapshot),
		segments: make(map[string][]capture.Segment),
		growth:   make(map[string]audit.Snapshot),
	}
}

func (w *witness) start(namespaces []*lab.Namespace) error {
	for _, n := range namespaces {
		err := n.Do(func() (err error) {
			if w.captures[n.Name()], err = capture.Open(); err != nil {
				return err
			}
			w.before[n.Name()], err = audit.OfThread()
			return err
		})
		if err != nil {
			return fmt.Errorf("watch namespace %s: %w", n.Name(), err)
		}
	}
	return nil
}

func (w *witness) stop(namespaces []*lab.Namespace) error {
	for _, n := range namespaces {
		recorder, running := w.captures[n.Name()]
		if !running {
			continue
		}
		err := n.Do(func() error {
			after, err := audit.OfThread()
			w.growth[n.Name()] = after.Diff(w.before[n.Name()])
			return err
		})
		if err == nil {
			w.segments[n.Name()], err = recorder.Segments()
		}
		recorder.Close()
		if err != nil {
			return fmt.Errorf("watch namespace %s: %w", n.Name(), err)
		}
	}
	return nil
}

// growthText lists the kernel's counters that grew in a namespace, for people.
func (w *witness) growthText(namespace string) string {
	var grown []string
	for name, growth := range w.growth[namespace] {
		if growth != 0 {
			grown = append(grown, fmt.Sprintf("%s by %d", name, growth))
		}
	}
	slices.Sort(grown)
	return strings.Join(grown, ", ")
}
