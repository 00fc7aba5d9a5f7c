package finding

import (
	"slices"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// numberNames are the numbers of a group, by the position of their spread.
var numberNames = [...]event.NumberName{
	silence:  event.SilenceMillis,
	age:      event.AgeMillis,
	closed:   event.ClosedMillis,
	received: event.ReceivedBytes,
	sent:     event.SentBytes,
	unread:   event.UnreadBytes,
	interval: event.IntervalMillis,
	ttl:      event.TTLs,
}

// number is the position of a number in a group.
type number uint8

const (
	silence number = iota
	age
	closed
	received
	sent
	unread
	interval
	ttl
)

// spread keeps how a number is spread. The zero value is empty. Up to
// event.SpreadExact values are kept, then every second, every fourth and so on:
// evenly over time, and without chance.
type spread struct {
	count    uint64
	min, max uint64
	stride   uint64 // one value in so many is kept; 0: every one
	kept     []uint64
}

func (s *spread) add(v uint64) {
	if s.count == 0 || v < s.min {
		s.min = v
	}
	if v > s.max {
		s.max = v
	}
	s.count++
	if s.stride == 0 {
		s.stride = 1
	}
	if (s.count-1)%s.stride != 0 {
		return
	}
	if len(s.kept) == event.SpreadExact {
		s.thin()
		if (s.count-1)%s.stride != 0 {
			return
		}
	}
	s.kept = append(s.kept, v)
}

// thin drops every second value.
func (s *spread) thin() {
	for i := range len(s.kept) / 2 {
		s.kept[i] = s.kept[2*i]
	}
	s.kept = s.kept[:len(s.kept)/2]
	s.stride *= 2
}

// median is 0 for an empty spread.
func (s *spread) median() uint64 { return s.quantile(1, 2) }

// quantile is the value below which part of whole of the values are.
func (s *spread) quantile(part, whole int) uint64 {
	if len(s.kept) == 0 {
		return 0
	}
	var room [event.SpreadExact]uint64
	sorted := append(room[:0], s.kept...)
	slices.Sort(sorted)
	return sorted[(len(sorted)-1)*part/whole]
}

// equal reports whether the values are alike, as those of a time limit are: the middle
// half lies within a twentieth of the median, or within slack.
func (s *spread) equal(slack uint64) bool {
	low, high := s.quantile(1, 4), s.quantile(3, 4)
	return high-low <= max(slack, s.median()/20)
}

func (s *spread) export(n number) event.Spread {
	return event.Spread{Name: numberNames[n], Count: s.count, Min: s.min, Median: s.median(), Max: s.max}
}
