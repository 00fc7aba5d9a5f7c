package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rsttrace/rsttrace/internal/selftest"
)

// maxParts is more than anybody has machines for a selftest.
const maxParts = 1000

// partFlag is which part of the plays a selftest plays: "2/3".
type partFlag struct{ selftest.Part }

// Set implements pflag.Value.
func (p *partFlag) Set(text string) error {
	number, of, _ := strings.Cut(text, "/")
	n, err := strconv.Atoi(number)
	parts, errOf := strconv.Atoi(of)
	if err != nil || errOf != nil || n < 1 || n > parts || parts > maxParts {
		return fmt.Errorf("want the part and the number of parts, at most %d: 2/3", maxParts)
	}
	p.Part = selftest.Part{Number: n, Of: parts}
	return nil
}

// String implements pflag.Value.
func (p *partFlag) String() string {
	if p.Of == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", p.Number, p.Of)
}

// Type implements pflag.Value.
func (p *partFlag) Type() string { return "part" }
