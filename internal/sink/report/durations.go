package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// A spread of durations has bins of equal width on a logarithmic scale, of one per cent
// each, from a millisecond to about 31 days.
const (
	binsPerDecade = 240
	durationBins  = 2265
)

// durations counts resets by a duration. The zero value is empty.
type durations struct {
	resets uint64
	bins   [durationBins]durationBin
}

// durationBin counts the resets of a bin, and has the milliseconds that are in it.
type durationBin struct{ resets, least, most uint64 }

func (b *durationBin) merge(o durationBin) {
	if o.resets == 0 {
		return
	}
	if b.resets == 0 || o.least < b.least {
		b.least = o.least
	}
	b.most = max(b.most, o.most)
	b.resets += o.resets
}

func (d *durations) add(millis uint64) {
	at := 0
	if millis > 0 {
		at = min(int(math.Log10(float64(millis))*binsPerDecade), durationBins-1)
	}
	d.resets++
	d.bins[at].merge(durationBin{1, millis, millis})
}

// addDurations takes silence and age of a reset: of its first end, if both are here.
func (s *Sink) addDurations(e *event.Event) {
	if e.PeerEvent != 0 && e.PeerEvent < e.ID {
		return
	}
	if millis, known := finding.Silence(e); known {
		s.quiet.add(millis)
	}
	if e.Conn.AgeMillis > 0 {
		s.ages.add(e.Conn.AgeMillis)
	}
}

// coarse joins so many bins each.
func (d *durations) coarse(joined int) []durationBin {
	var bins []durationBin
	for at := 0; at < durationBins; at += joined {
		var b durationBin
		for _, fine := range d.bins[at:min(at+joined, durationBins)] {
			b.merge(fine)
		}
		bins = append(bins, b)
	}
	return bins
}

// What a peak is made of, in bins.
const (
	peakWidth  = 3
	peakAround = 24 // compared with so many on both sides together
	peaksMax   = 4
)

// peaks are the durations that stand out, the largest first: within three per cent there
// are three or more resets, a twentieth of all, and ten times as many as around them.
// What is shorter than a second is no limit.
func (d *durations) peaks() []durationBin {
	type place struct {
		at  int
		bin durationBin
	}
	var found []place
	for at := range durationBins - peakWidth {
		var p, around durationBin
		for _, b := range d.bins[at : at+peakWidth] {
			p.merge(b)
		}
		if p.resets < 3 || p.resets*20 < d.resets || p.least < second {
			continue
		}
		for _, b := range d.bins[max(0, at-peakAround/2):min(durationBins, at+peakWidth+peakAround/2)] {
			around.merge(b)
		}
		if (around.resets-p.resets)*10*peakWidth <= p.resets*peakAround {
			found = append(found, place{at, p})
		}
	}
	slices.SortStableFunc(found, func(a, b place) int { return cmp.Compare(b.bin.resets, a.bin.resets) })
	var peaks []durationBin
	var taken []int
	for _, f := range found {
		near := func(at int) bool { return max(at-f.at, f.at-at) <= peakAround }
		if len(peaks) < peaksMax && !slices.ContainsFunc(taken, near) {
			peaks, taken = append(peaks, f.bin), append(taken, f.at)
		}
	}
	return peaks
}
