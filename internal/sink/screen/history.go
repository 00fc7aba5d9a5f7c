package screen

import "time"

// Seconds is how far back a history goes.
const Seconds = 60

// rateSeconds is the time that a rate is about.
const rateSeconds = 5

// history counts by second. The zero value has counted nothing.
type history struct {
	begun  bool
	newest int64            // the second that was counted last, since 1970
	counts [Seconds]float64 // by second, see slotOf
}

// slotOf is where a second is counted, also one before 1970.
func slotOf(second int64) int64 { return (second%Seconds + Seconds) % Seconds }

// add counts n at one moment.
func (h *history) add(at time.Time, n float64) { h.addTo(at.Unix(), n) }

func (h *history) addTo(second int64, n float64) {
	if !h.begun || second-h.newest >= Seconds {
		*h = history{begun: true, newest: second}
	}
	for h.newest < second {
		h.newest++
		h.counts[slotOf(h.newest)] = 0
	}
	if h.newest-second < Seconds {
		h.counts[slotOf(second)] += n
	}
}

// spread counts n that came between two moments, as if they had come evenly.
func (h *history) spread(from, to time.Time, n float64) {
	span := to.Sub(from)
	if n == 0 || span <= 0 {
		h.add(to, n)
		return
	}
	if longest := Seconds * time.Second; span > longest {
		n *= float64(longest) / float64(span)
		from, span = to.Add(-longest), longest
	}
	for from.Before(to) {
		end := from.Truncate(time.Second).Add(time.Second)
		if end.After(to) {
			end = to
		}
		h.add(from, n*float64(end.Sub(from))/float64(span))
		from = end
	}
}

// at is what was counted in a second.
func (h *history) at(second int64) float64 {
	if second > h.newest || h.newest-second >= Seconds {
		return 0
	}
	return h.counts[slotOf(second)]
}

// series is what was counted in each second, the last one before now at the end. The
// second of now itself is not over.
func (h *history) series(now time.Time) (counts [Seconds]float64) {
	for i := range counts {
		counts[i] = h.at(now.Unix() - Seconds + int64(i))
	}
	return counts
}

// rate is how many came per second lately.
func (h *history) rate(now time.Time) (sum float64) {
	for i := int64(1); i <= rateSeconds; i++ {
		sum += h.at(now.Unix() - i)
	}
	return sum / rateSeconds
}
