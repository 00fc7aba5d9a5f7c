package filter

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// parseCount reads a number without a unit.
func parseCount(value string) (uint64, error) {
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("bad number %q: want digits, such as 3", value)
	}
	return n, nil
}

// parseMark reads 32 bits, as ip rule and ss write them: 0x2a, or 42.
func parseMark(value string) (uint64, error) {
	n, err := strconv.ParseUint(value, 0, 32)
	if err != nil {
		return 0, fmt.Errorf("bad mark %q: want a number of 32 bits, such as 0x2a or 42", value)
	}
	return n, nil
}

// parseDuration reads a time, in nanoseconds.
func parseDuration(value string) (uint64, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("bad time %q: want a number with a unit, such as 300ms, 30s, 5m or 1h", value)
	}
	return uint64(d), nil
}

// parseSize reads a number of bytes: 1k is 1024, as in ls -h.
func parseSize(value string) (uint64, error) {
	digits, factor := value, uint64(1)
	if last := len(value) - 1; last > 0 {
		switch value[last] {
		case 'k', 'K':
			digits, factor = value[:last], 1<<10
		case 'm', 'M':
			digits, factor = value[:last], 1<<20
		case 'g', 'G':
			digits, factor = value[:last], 1<<30
		}
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || n > math.MaxUint64/factor {
		return 0, fmt.Errorf("bad size %q: want a number of bytes, such as 1500, 64k or 1M", value)
	}
	return n * factor, nil
}
