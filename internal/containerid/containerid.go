// Package containerid knows the number that a container has before its name is known, and
// if it has none: the 64 hex digits of docker, containerd and CRI-O.
package containerid

import "strings"

const length = 64

// Is reports whether a text is such a number, without a runtime in front of it.
func Is(text string) bool {
	return len(text) == length && strings.Trim(text, "0123456789abcdef") == ""
}
