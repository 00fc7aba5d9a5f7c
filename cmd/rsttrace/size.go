package main

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// sizeFlag is a number of bytes that is a power of two.
type sizeFlag struct{ bytes uint32 }

func (s *sizeFlag) Type() string { return "size" }

func (s *sizeFlag) String() string {
	if s.bytes == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(s.bytes), 10)
}

// Set reads digits with an optional K, M or G, binary multiples.
func (s *sizeFlag) Set(text string) error {
	end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(text)
	}
	digits := text[:end]
	unit := strings.TrimSuffix(strings.ToUpper(text[end:]), "B")
	shift, ok := map[string]uint{"": 0, "K": 10, "KI": 10, "M": 20, "MI": 20, "G": 30, "GI": 30}[unit]
	n, err := strconv.ParseUint(digits, 10, 32)
	size := n << shift
	if err != nil || !ok || size < 64<<10 || size > 1<<30 || bits.OnesCount64(size) != 1 {
		return fmt.Errorf("want a power of two from 64K to 1G, such as 8M")
	}
	s.bytes = uint32(size)
	return nil
}
