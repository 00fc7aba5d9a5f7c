package join

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// host is what is known of one machine.
type host struct {
	event.Host
	last     time.Time // of its latest item
	spans    []span    // the latest ones
	forwards bool
	limits   []string
	covered  time.Time // of its latest Coverage
	totals   event.Totals
	ids      numbering
}

// name is what people call it.
func (h *host) name() string {
	if h.HostName != "" {
		return h.HostName
	}
	return h.HostID
}

// span is a time of which it is known what a host shows.
type span struct {
	from, to time.Time
	gap      string // why events of that time are missing; "": none is
	hides    string // why events are not shown at all
	dirs     []event.Dir
	limits   []string
	phase    event.CoveragePhase // "": something was lost, and all else stays as it was
}

// spansMost bounds the memory.
const spansMost = 64

func (h *host) addSpan(s span) {
	if len(h.spans) == spansMost {
		h.spans = slices.Delete(h.spans, 0, 1)
	}
	h.spans = append(h.spans, s)
}

// settle is how late an event may come behind other items of its host. What a host has not
// lost by a later item, it has not lost.
const settle = 5 * time.Second

// cover takes what a host says of itself.
func (h *host) cover(c *event.Coverage) {
	s := span{from: c.Time, to: c.Time, dirs: slices.Clone(c.Dirs), limits: slices.Clone(c.Limits), phase: c.Phase, gap: missing(c)}
	if c.Filter != "" {
		s.hides = "its filter hides events: " + c.Filter
	}
	if c.Phase != event.CoverageBegins && !h.covered.IsZero() {
		s.from = h.covered
	}
	h.covered, h.forwards, h.limits = c.Time, c.Forwards, s.limits
	h.addSpan(s)
}

func missing(c *event.Coverage) string {
	switch {
	case c.Lost > 0:
		return fmt.Sprintf("it lost %d events then", c.Lost)
	case c.Missed > 0:
		return fmt.Sprintf("its kernel missed %d events then", c.Missed)
	case c.HeldBack:
		return "its --max-rate may have held events back then"
	}
	return ""
}

// lose takes a gap in what a host wrote. It began behind the item before.
func (h *host) lose(l *event.Loss, before time.Time) {
	h.addSpan(span{from: before.Add(-settle), to: l.Time, gap: fmt.Sprintf("%d events are missing then", l.Events)})
}

// answer is whether a host would have shown an event.
type answer struct {
	doubt string // why it may not have; "": it would have
	wait  bool   // more may become known
}

// sees says whether h would have shown an event of some directions between two times, in
// spite of some limits.
func (h *host) sees(dirs []event.Dir, limits []string, from, to time.Time) answer {
	begun, ended := false, false
	for i := range h.spans {
		s := &h.spans[i]
		before, behind := !s.to.After(from), s.from.After(to)
		switch {
		case before && s.phase != "":
			if begun, ended = s.phase != event.CoverageEnds, s.phase == event.CoverageEnds; !begun {
				continue
			}
		case before, behind:
			continue
		case s.gap != "":
			return answer{doubt: s.gap}
		case s.phase == event.CoverageBegins:
			begun = false
		case s.phase == event.CoverageEnds && s.to.Before(to):
			ended = true
		}
		if doubt := s.doubt(dirs, limits); doubt != "" && !h.passed(i, from) {
			return answer{doubt: doubt}
		}
	}
	switch {
	case len(h.spans) == 0:
		return answer{doubt: "it does not say what it sees"}
	case ended:
		return answer{doubt: "it was not traced any more"}
	case !begun:
		return answer{doubt: "it was not traced yet"}
	case h.proves(to):
		return answer{}
	}
	return answer{doubt: "its recording does not go on long enough", wait: true}
}

// passed reports whether the span behind one begins before a time: then what the first one
// says does not hold any more.
func (h *host) passed(i int, from time.Time) bool {
	for _, s := range h.spans[i+1:] {
		if s.phase != "" {
			return !s.to.After(from)
		}
	}
	return false
}

// proves reports whether all that was lost by a time is known.
func (h *host) proves(to time.Time) bool {
	last := &h.spans[len(h.spans)-1]
	return !h.last.Before(to.Add(settle)) || last.phase == event.CoverageEnds && !last.to.Before(to)
}

// doubt is what does not depend on the time.
func (s *span) doubt(dirs []event.Dir, limits []string) string {
	if s.phase == "" || s.hides != "" {
		return s.hides
	}
	for _, dir := range dirs {
		if !slices.Contains(s.dirs, dir) {
			return "it does not look for RSTs that are " + string(dir)
		}
	}
	for _, limit := range s.limits {
		if slices.Contains(limits, limit) {
			return "its kernel does not show all of them (" + limit + ")"
		}
	}
	return ""
}

// hosts are all machines that had an item.
type hosts struct {
	byKey  map[string]*host
	all    []*host
	owners map[netip.Addr][]*host // by address
}

// addressesMost bounds the memory.
const addressesMost = 1 << 20

func newHosts() hosts {
	return hosts{byKey: make(map[string]*host), owners: make(map[netip.Addr][]*host)}
}

func (s *hosts) of(h *event.Host) *host {
	key := h.Key()
	known := s.byKey[key]
	if known == nil {
		known = &host{Host: *h}
		s.byKey[strings.Clone(key)] = known
		s.all = append(s.all, known)
	}
	return known
}

func (s *hosts) own(h *host, addr netip.Addr) {
	if !addr.IsValid() || addr.IsLoopback() || len(s.owners) >= addressesMost {
		return
	}
	if owners := s.owners[addr]; !slices.Contains(owners, h) {
		s.owners[addr] = append(owners, h)
	}
}
