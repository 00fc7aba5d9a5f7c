package main

import (
	"math"
	"slices"
)

// quartiles of ratios. With 21 rounds the outer two bound the true median with
// a certainty of 97 %.
type quartiles struct{ first, median, third float64 }

func quartilesOf(values []float64) quartiles {
	sorted := slices.Sorted(slices.Values(values))
	at := func(share float64) float64 {
		position := share * float64(len(sorted)-1)
		below := int(position)
		above := min(below+1, len(sorted)-1)
		return sorted[below] + (sorted[above]-sorted[below])*(position-float64(below))
	}
	return quartiles{first: at(0.25), median: at(0.5), third: at(0.75)}
}

// spread is how far from 1 the quartiles are.
func (q quartiles) spread() float64 {
	return max(math.Abs(q.first-1), math.Abs(q.third-1))
}
