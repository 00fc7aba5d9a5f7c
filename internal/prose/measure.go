package prose

import (
	"fmt"
	"slices"
	"strings"
)

// What plain prose keeps to.
const (
	maxMeanWords   = 17.0
	longSentence   = 30 // words; more are long
	maxLongPercent = 8.0
)

// Measure is what was counted in some prose.
type Measure struct {
	Sentences int
	Words     int
	Long      []string // sentences of over 30 words, longest first
	Forbidden []string // phrases, each with its sentence
}

// Of measures texts.
func Of(texts []Text) Measure {
	var m Measure
	for _, t := range texts {
		for _, s := range Sentences(t.Prose) {
			for _, phrase := range forbidden(s) {
				m.Forbidden = append(m.Forbidden, phrase+" in: "+s)
			}
			n := countWords(s)
			if t.Fragment || n == 0 {
				continue
			}
			m.Sentences++
			m.Words += n
			if n > longSentence {
				m.Long = append(m.Long, s)
			}
		}
	}
	slices.SortStableFunc(m.Long, func(a, b string) int { return countWords(b) - countWords(a) })
	return m
}

// Mean is the average number of words in a sentence.
func (m Measure) Mean() float64 {
	return float64(m.Words) / float64(max(m.Sentences, 1))
}

// LongPercent is how many of 100 sentences are long.
func (m Measure) LongPercent() float64 {
	return 100 * float64(len(m.Long)) / float64(max(m.Sentences, 1))
}

// Plain reports whether the prose is in plain words.
func (m Measure) Plain() bool {
	return m.Mean() <= maxMeanWords && m.LongPercent() <= maxLongPercent && len(m.Forbidden) == 0
}

// String gives the figures in one line.
func (m Measure) String() string {
	return fmt.Sprintf("%d sentences of %.1f words on average (at most %.0f), %.1f %% over %d words (at most %.0f %%), %d forbidden phrases",
		m.Sentences, m.Mean(), maxMeanWords, m.LongPercent(), longSentence, maxLongPercent, len(m.Forbidden))
}

// Details lists what should be changed, a line each.
func (m Measure) Details() string {
	var b strings.Builder
	for _, f := range m.Forbidden {
		fmt.Fprintf(&b, "\n  %s", f)
	}
	for _, s := range m.Long {
		fmt.Fprintf(&b, "\n  %d words: %s", countWords(s), s)
	}
	return b.String()
}
