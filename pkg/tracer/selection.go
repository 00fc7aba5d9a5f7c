package tracer

import (
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
	"github.com/rsttrace/rsttrace/pkg/probe"
)

// selectDetails gives the kernel as much of the filter as it can do, so that
// what is not wanted costs next to nothing. The filter still runs: the kernel
// knows no owners, and learns of causes only as they occur.
func selectDetails(s *probe.Selection, f filter.Options) {
	s.Dirs = f.Dirs
	s.Hosts = f.Hosts
	if s.Netns == nil && len(f.Netns) > 0 {
		s.Netns = f.Netns
	}
	for _, r := range f.Ports {
		s.Ports = append(s.Ports, probe.PortRange{First: r.First, Last: r.Last})
	}
}

// muteInterval is how often new kinds of evidence are looked at.
const muteInterval = 100 * time.Millisecond

// muteCauses tells the kernel which kinds of evidence mean a cause that is not
// wanted.
func (t *Tracer) muteCauses(now time.Time) error {
	if len(t.causes) == 0 || now.Before(t.nextMute) {
		return nil
	}
	t.nextMute = now.Add(muteInterval)
	return t.source.Mute(func(e event.Evidence) bool {
		return !slices.Contains(t.causes, cause.Classify(e).Cause)
	})
}
