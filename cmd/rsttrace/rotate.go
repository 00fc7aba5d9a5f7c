package main

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// rotateFlag is when the next file of a recording begins.
type rotateFlag struct {
	text string
	size int64         // bytes, 0: no limit
	span time.Duration // 0: no limit
}

// rotateMin leaves room for the largest event.
const rotateMin = 1 << 20

func (r *rotateFlag) Type() string   { return "size,time" }
func (r *rotateFlag) String() string { return r.text }

// given reports whether there is a limit.
func (r *rotateFlag) given() bool { return r.text != "" }

var errRotate = errors.New("want a size of 1M or more, a time of 1s or more, or both: 100M, 24h, 100M,24h")

// Set reads a size, a time, or both.
func (r *rotateFlag) Set(text string) error {
	set := rotateFlag{text: text}
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if size, ok := parseSize(part); ok {
			if set.size != 0 || size < rotateMin {
				return errRotate
			}
			set.size = size
			continue
		}
		span, err := time.ParseDuration(part)
		if err != nil || span < time.Second || set.span != 0 {
			return errRotate
		}
		set.span = span
	}
	*r = set
	return nil
}

// sizeUnits are binary multiples.
var sizeUnits = map[byte]uint{'K': 10, 'M': 20, 'G': 30, 'T': 40}

// parseSize reads 100M, 1G and the like, in capitals: 10m are ten minutes. A number without
// a unit is no size.
func parseSize(text string) (bytes int64, ok bool) {
	text = strings.TrimSuffix(strings.TrimSuffix(text, "B"), "i")
	if text == "" {
		return 0, false
	}
	unit, known := sizeUnits[text[len(text)-1]]
	n, err := strconv.ParseInt(text[:len(text)-1], 10, 32)
	if !known || err != nil || n < 1 || n > 1<<62>>unit {
		return 0, false
	}
	return n << unit, true
}
